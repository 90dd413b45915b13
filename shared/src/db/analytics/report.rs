use chrono::NaiveDate;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::db::conditions::known_time_zone;
use crate::db::{Database, QueryError, viewer};
use crate::domain::{
    Analytics, AnswerTimes, Date, Day, FirstAnswers, Messages, Period, Ratio, TimeZone, Timestamp,
    Viewer,
};
use crate::error::{Error, Result};

/// Returns the figures of a period from the counts of [`roll_up`](super::roll_up).
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; [`Error::Rejected`] for an unknown time zone, or if the period
/// ends before it begins or is too long; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn report(database: &Database, viewer: Viewer, period: &Period) -> Result<Analytics> {
    let time_zone = period.time_zone.as_str();
    let rows = database
        .query(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&period.from, Type::DATE),
                (&period.to, Type::DATE),
                (&time_zone, Type::TEXT),
                (&Period::DEFAULT_DAYS, Type::INT4),
                (&Period::MAX_DAYS, Type::INT4),
            ],
        )
        .await
        .map_err(unknown_time_zone)?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("analytics_report: a row was expected"))?;
    viewer::check(row)?;
    if !row.get::<_, bool>("viewer_is_admin") {
        return Err(Error::Forbidden);
    }
    check_length(row.get("length"))?;

    let days: Vec<Day> = rows.iter().map(day).collect();
    Ok(Analytics {
        from: Date(row.get("first")),
        to: Date(row.get("last")),
        time_zone: time_zone.to_owned(),
        timezone: time_zone.to_owned(),
        as_of: row.get::<_, Option<_>>("as_of").map(Timestamp),
        messages: days.iter().fold(Messages::default(), |sum, day| {
            let day = &day.messages;
            Messages {
                total: sum.total + day.total,
                text: sum.text + day.text,
                image: sum.image + day.image,
                location: sum.location + day.location,
                system: sum.system + day.system,
            }
        }),
        active_conversations: row.get("all_active"),
        new_conversations: days.iter().map(|day| day.new_conversations).sum(),
        first_answer: FirstAnswers {
            driver: answer_times(row, "driver"),
            other_user: answer_times(row, "other_user"),
        },
        read_within_5_minutes: Ratio::of(row.get("all_read_in_time"), row.get("all_messages")),
        mirror: Ratio::of(
            row.get("all_mirrored"),
            row.get::<_, i64>("all_mirrored") + row.get::<_, i64>("all_mirror_failed"),
        ),
        days,
    })
}

fn unknown_time_zone(error: QueryError) -> Error {
    match &error {
        QueryError::Rejected { code, .. } if code == SqlState::INVALID_PARAMETER_VALUE.code() => {
            Error::rejected("time_zone", TimeZone::UNKNOWN)
        }
        _ => error.into(),
    }
}

fn check_length(days: i32) -> Result<()> {
    if days < 1 {
        return Err(Error::rejected(
            "to",
            "La date de fin précède la date de début.",
        ));
    }
    if days > Period::MAX_DAYS {
        let reason = format!(
            "La période ne peut pas dépasser {} jours.",
            Period::MAX_DAYS
        );
        return Err(Error::rejected("from", reason));
    }
    Ok(())
}

fn day(row: &Row) -> Day {
    Day {
        date: Date(row.get::<_, NaiveDate>("date")),
        messages: Messages {
            total: row.get("messages"),
            text: row.get("texts"),
            image: row.get("images"),
            location: row.get("locations"),
            system: row.get("systems"),
        },
        active_conversations: row.get("active"),
        new_conversations: row.get("rooms"),
    }
}

fn answer_times(row: &Row, side: &str) -> AnswerTimes {
    AnswerTimes {
        count: row.get(format!("{side}_answers").as_str()),
        median_seconds: row.get(format!("{side}_median").as_str()),
        p95_seconds: row.get(format!("{side}_p95").as_str()),
    }
}

/// Reads only the counts per quarter of an hour, not the messages. A quarter belongs to the local day on which it
/// begins, so that each belongs to exactly one day, even if midnight occurs twice or not at all, and the days add up to
/// the period. The local day is computed once per quarter. Consecutive quarters of a day form one span, which the
/// indexes read as a range. A percentile is the middle of the histogram step in which that share of the responses is
/// reached.
const SQL: &str = concat!(
    "-- analytics_report
    WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
    period AS MATERIALIZED (
        SELECT zone, first, last, last - first + 1 AS length
        FROM viewer,
             LATERAL (SELECT ",
    known_time_zone!("$4"),
    " AS zone) AS zone,
             LATERAL (SELECT (now() AT TIME ZONE zone)::date AS today) AS today,
             LATERAL (SELECT coalesce($3, today) AS last) AS last,
             LATERAL (SELECT coalesce($2, last - $5 + 1) AS first) AS first
        WHERE is_active AND is_admin
    ),
    day AS (
        SELECT generate_series(first, last, interval '1 day')::date AS date FROM period WHERE length BETWEEN 1 AND $6
    ),
    quarters AS (
        SELECT quarter, (quarter AT TIME ZONE zone)::date AS date
        FROM period, generate_series(
            (first - 1)::timestamp AT TIME ZONE 'UTC', (last + 2)::timestamp AT TIME ZONE 'UTC', interval '15 minutes'
        ) AS quarter
        WHERE EXISTS (SELECT FROM day) AND (quarter AT TIME ZONE zone)::date BETWEEN first AND last
    ),
    spans AS MATERIALIZED (
        SELECT date, min(quarter) AS first, max(quarter) AS last
        FROM (
            SELECT date, quarter,
                   quarter - row_number() OVER (PARTITION BY date ORDER BY quarter) * interval '15 minutes' AS span
            FROM quarters
        ) AS quarter
        GROUP BY date, span
    ),
    counts AS (
        SELECT date, counted.*
        FROM spans, LATERAL (
            SELECT event, kind, sum(number)::bigint AS number FROM chat_analytics_counts
            WHERE quarter BETWEEN spans.first AND spans.last GROUP BY event, kind
        ) AS counted
    ),
    counts_by_day AS (
        SELECT date,
               sum(number) FILTER (WHERE event = 'message') AS messages,
               sum(number) FILTER (WHERE event = 'message' AND kind = 'text') AS texts,
               sum(number) FILTER (WHERE event = 'message' AND kind = 'image') AS images,
               sum(number) FILTER (WHERE event = 'message' AND kind = 'location') AS locations,
               sum(number) FILTER (WHERE event = 'message' AND kind = 'system') AS systems,
               sum(number) FILTER (WHERE event = 'room') AS rooms
        FROM counts GROUP BY date
    ),
    counts_of_all AS (
        SELECT sum(number) FILTER (WHERE event = 'message') AS messages,
               sum(number) FILTER (WHERE event = 'read_in_time') AS read_in_time,
               sum(number) FILTER (WHERE event = 'mirrored') AS mirrored,
               sum(number) FILTER (WHERE event = 'mirror_failed') AS mirror_failed
        FROM counts
    ),
    active AS MATERIALIZED (
        SELECT date, room.chat_room_id
        FROM spans, LATERAL (
            SELECT DISTINCT chat_room_id FROM chat_analytics_active_rooms
            WHERE quarter BETWEEN spans.first AND spans.last
        ) AS room
    ),
    active_by_day AS (SELECT date, count(DISTINCT chat_room_id) AS active FROM active GROUP BY date),
    steps AS (
        SELECT side, step, sum(number) AS number
        FROM spans JOIN chat_analytics_answers ON quarter BETWEEN spans.first AND spans.last
        GROUP BY side, step
    ),
    reached AS (
        SELECT side, step, sum(number) OVER (PARTITION BY side ORDER BY step) AS number,
               sum(number) OVER (PARTITION BY side) AS all_number
        FROM steps
    ),
    answers AS (
        SELECT side, max(all_number)::bigint AS answers,
               round(power(2, (min(step) FILTER (WHERE number >= 0.50 * all_number) + 0.5) / 16.0), 1)::float8 AS median,
               round(power(2, (min(step) FILTER (WHERE number >= 0.95 * all_number) + 0.5) / 16.0), 1)::float8 AS p95
        FROM reached GROUP BY side
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin,
           period.first, period.last, period.length, day.date,
           (SELECT nullif(rolled_up_at, '-infinity') FROM chat_analytics_progress) AS as_of,
           coalesce(by_day.messages, 0)::bigint AS messages, coalesce(by_day.texts, 0)::bigint AS texts,
           coalesce(by_day.images, 0)::bigint AS images, coalesce(by_day.locations, 0)::bigint AS locations,
           coalesce(by_day.systems, 0)::bigint AS systems, coalesce(by_day.rooms, 0)::bigint AS rooms,
           coalesce(active_by_day.active, 0) AS active,
           (SELECT count(*) FROM (SELECT DISTINCT chat_room_id FROM active) AS room) AS all_active,
           coalesce(of_all.messages, 0)::bigint AS all_messages,
           coalesce(of_all.read_in_time, 0)::bigint AS all_read_in_time,
           coalesce(of_all.mirrored, 0)::bigint AS all_mirrored,
           coalesce(of_all.mirror_failed, 0)::bigint AS all_mirror_failed,
           coalesce(driver.answers, 0) AS driver_answers, driver.median AS driver_median, driver.p95 AS driver_p95,
           coalesce(other_user.answers, 0) AS other_user_answers,
           other_user.median AS other_user_median, other_user.p95 AS other_user_p95
    FROM (VALUES (1)) AS one
    LEFT JOIN period ON true
    LEFT JOIN day ON true
    LEFT JOIN counts_by_day AS by_day ON by_day.date = day.date
    LEFT JOIN active_by_day ON active_by_day.date = day.date
    LEFT JOIN counts_of_all AS of_all ON true
    LEFT JOIN answers AS driver ON driver.side = 'driver'
    LEFT JOIN answers AS other_user ON other_user.side = 'other_user'
    ORDER BY day.date"
);
