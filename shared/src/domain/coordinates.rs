use serde::Serialize;

use super::Invalid;

/// Degrees north, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latitude(f64);

/// Degrees east, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Longitude(f64);

/// A position on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    pub latitude: Latitude,
    pub longitude: Longitude,
}

impl Latitude {
    /// Checks a number of degrees: finite, −90 to 90.
    ///
    /// # Errors
    /// The value is out of range.
    pub fn parse(degrees: f64) -> Result<Self, Invalid> {
        within(degrees, 90.0).map(Self)
    }

    #[must_use]
    pub fn degrees(self) -> f64 {
        self.0
    }
}

impl Longitude {
    /// Checks a number of degrees: finite, −180 to 180.
    ///
    /// # Errors
    /// The value is out of range.
    pub fn parse(degrees: f64) -> Result<Self, Invalid> {
        within(degrees, 180.0).map(Self)
    }

    #[must_use]
    pub fn degrees(self) -> f64 {
        self.0
    }
}

fn within(degrees: f64, limit: f64) -> Result<f64, Invalid> {
    if degrees >= -limit && degrees <= limit {
        Ok(degrees)
    } else if degrees < -limit {
        Err(format!("Assurez-vous que cette valeur est supérieure ou égale à -{limit}.").into())
    } else {
        Err(format!("Assurez-vous que cette valeur est inférieure ou égale à {limit}.").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_includes_its_ends() {
        assert!(Latitude::parse(-90.0).is_ok() && Latitude::parse(90.0).is_ok());
        assert!(Longitude::parse(-180.0).is_ok() && Longitude::parse(180.0).is_ok());
    }

    #[test]
    fn a_value_out_of_range_or_not_finite_is_rejected() {
        assert!(Latitude::parse(90.000_001).is_err() && Latitude::parse(f64::NAN).is_err());
        assert!(
            Longitude::parse(-180.000_001).is_err() && Longitude::parse(f64::INFINITY).is_err()
        );
    }
}
