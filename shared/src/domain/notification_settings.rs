use chrono::{NaiveTime, Timelike};
use serde::{Serialize, Serializer};

use super::{Invalid, TimeZone};

/// When a user gets pushes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSettings {
    /// False: never.
    pub push_enabled: bool,
    /// The daily hours without pushes.
    pub quiet_hours: Option<QuietHours>,
    /// The time zone of these hours.
    pub time_zone: TimeZone,
}

/// The settings of a user who has never changed them.
impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            push_enabled: true,
            quiet_hours: None,
            time_zone: TimeZone::default(),
        }
    }
}

/// Hours without pushes, possibly over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// The first quiet minute.
    pub from: TimeOfDay,
    /// The first minute that is not quiet.
    pub to: TimeOfDay,
}

impl QuietHours {
    /// One end is missing.
    pub const BOTH: &'static str = "Indiquez le début et la fin, ou aucun des deux.";
    /// Start and end are equal.
    pub const EMPTY: &'static str = "La fin doit différer du début.";
}

/// The four fields of the API.
impl Serialize for NotificationSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            push_enabled: bool,
            quiet_from: Option<TimeOfDay>,
            quiet_to: Option<TimeOfDay>,
            time_zone: &'a str,
        }
        let fields = Fields {
            push_enabled: self.push_enabled,
            quiet_from: self.quiet_hours.map(|hours| hours.from),
            quiet_to: self.quiet_hours.map(|hours| hours.to),
            time_zone: self.time_zone.as_str(),
        };
        fields.serialize(serializer)
    }
}

/// A minute of the day, written `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay(NaiveTime);

impl TimeOfDay {
    /// Parses `22:00`, two digits each.
    ///
    /// # Errors
    /// The value has another form.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let time = NaiveTime::parse_from_str(raw, "%H:%M").ok();
        // The parser also accepts one digit or a space in place of two digits.
        let time = time.filter(|time| time.format("%H:%M").to_string() == raw);
        time.map(Self).ok_or_else(|| {
            "L'heure n'a pas le bon format. Utilisez un des formats suivants : hh:mm.".into()
        })
    }

    #[must_use]
    pub fn time(self) -> NaiveTime {
        self.0
    }
}

impl From<NaiveTime> for TimeOfDay {
    fn from(time: NaiveTime) -> Self {
        Self(time)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", self.0.hour(), self.0.minute()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_hours_and_minutes() {
        for good in ["00:00", "07:30", "23:59"] {
            let time = TimeOfDay::parse(good).unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), good);
        }
        for bad in [
            "", "7:30", "24:00", "23:60", "22:00:00", "22h00", "+2:00", " 2:00", "２:00",
        ] {
            assert!(TimeOfDay::parse(bad).is_err(), "{bad}");
        }
    }
}
