//! Conditions that several statements share.

/// Whether a room is open, `$room` being its alias with a point, or nothing: it is active, and its time is not up. By
/// the clock of the moment, since `mirror-rooms` takes up to a minute to turn `is_active`.
macro_rules! is_open {
    ($room:literal) => {
        concat!(
            $room,
            "is_active AND (",
            $room,
            "closes_at <= clock_timestamp()) IS NOT TRUE"
        )
    };
}

pub(super) use is_open;
