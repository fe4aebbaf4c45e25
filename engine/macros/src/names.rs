//! How names are spelt on the wire.

/// `start_time` → `startTime`; leading underscores stay: `_get_participants` → `_getParticipants`.
pub(crate) fn camel(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let lead = name.len() - name.trim_start_matches('_').len();
    let mut out = name[..lead].to_owned();
    let mut upper = false;
    for c in name[lead..].chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// `start_time` → `StartTime`.
pub(crate) fn pascal(name: &str) -> String {
    let camel = camel(name.trim_start_matches('_'));
    let mut chars = camel.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `; did you mean `not_found`?`, or nothing when no known name is near.
pub(crate) fn suggestion<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = known.into_iter().min_by_key(|known| distance(known));
    near.filter(|near| distance(near) <= near.len().max(name.len()) / 3)
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_clients_expect_them() {
        assert_eq!(camel("join_session"), "joinSession");
        assert_eq!(camel("_get_participants"), "_getParticipants");
        assert_eq!(camel("r#type"), "type");
        assert_eq!(pascal("_get_participants"), "GetParticipants");
    }
}
