//! Conditions that several statements share.

/// Whether a room is open, `$room` being its alias with a point, or nothing: it is active, and its time is not up. By
/// the clock of the moment, since `mirror-rooms` takes up to a minute to turn `is_active`. The clock is asked only
/// where there is a time: over 10,000 rooms it took a sixth of counting them.
macro_rules! is_open {
    ($room:literal) => {
        concat!(
            $room,
            "is_active AND (",
            $room,
            "closes_at IS NULL OR ",
            $room,
            "closes_at > clock_timestamp())"
        )
    };
}

pub(super) use is_open;
