//! Times as texts.
//!
//! By hand, as two conversions between a number and the proleptic Gregorian calendar are all that is needed; a crate for
//! dates would bring time zones, formats and their data into every concept.

const DAY: i64 = 86_400_000;

/// `2026-01-01T00:00:00.000Z`
pub(super) fn text(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let (year, month, day) = date(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, millis) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// `2026-01-01`, or with a time of day, a fraction and an offset.
pub(super) fn read(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let mut part = |digits| number(parts.next()?, digits);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days(year, month, day).checked_mul(DAY)?;
    midnight.checked_add(time.map_or(Some(0), time_of_day)?)
}

/// Milliseconds since midnight UTC.
fn time_of_day(text: &str) -> Option<i64> {
    let (time, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    if hour > 23 || minute > 59 || second > 60 || parts.next().is_some() {
        return None;
    }
    let millis: String = fraction.chars().chain("00".chars()).take(3).collect();
    let millis =
        if fraction.bytes().all(|byte| byte.is_ascii_digit()) { number(&millis, 3)? } else { return None };
    Some((hour * 60 + minute) * 60_000 + second * 1_000 + millis - offset_millis(offset)?)
}

fn offset_millis(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return (text.len() == 1).then_some(0),
    };
    let (hours, minutes) = text[1..].split_once(':').or_else(|| text[1..].split_at_checked(2))?;
    Some(sign * (number(hours, 2)? * 60 + number(minutes, 2)?) * 60_000)
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the Unix epoch. Years begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way round: year, month and day.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_read_as_it_is_written() {
        for day in (-1_000_000..1_000_000).step_by(37) {
            let millis = day * DAY + 12_345_678;
            let written = text(millis);
            if written.len() == 24 && !written.starts_with('-') {
                assert_eq!(read(&written), Some(millis), "{written}");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for wrong in
            ["", "x", "2026-02-29", "2026-13-01", "2026-01-01T24:00", "2026-1-1", "2026-01-01T00:00:00.xZ"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(text(read("2024-02-29T23:59:59.5-00:30").unwrap()), "2024-03-01T00:29:59.500Z");
    }
}
