use unicode_segmentation::UnicodeSegmentation;

/// Returns the start of `text`, at most `max_chars` characters (Unicode scalar values).
///
/// The cut never splits a grapheme cluster, which a reader sees as one character: an emoji with its skin
/// tone, a letter with its accents. A text whose first cluster is longer than `max_chars` is cut to nothing.
#[must_use]
pub fn cut(text: &str, max_chars: usize) -> &str {
    let Some((limit, _)) = text.char_indices().nth(max_chars) else {
        return text;
    };
    let end = text
        .grapheme_indices(true)
        .map(|(start, _)| start)
        .take_while(|start| *start <= limit)
        .last();
    &text[..end.unwrap_or_default()]
}

/// Returns `text` if it has at most `max_chars` characters, otherwise its start and an ellipsis, together at most
/// `max_chars`. Never splits a grapheme cluster.
#[must_use]
pub fn cut_with_ellipsis(text: &str, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.to_owned();
    }
    format!("{}…", cut(text, max_chars.saturating_sub(1)).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "👨\u{200d}👩\u{200d}👧";

    #[test]
    fn a_text_is_cut_by_characters() {
        assert_eq!(cut("Bonjour", 7), "Bonjour");
        assert_eq!(cut("Bonjour", 3), "Bon");
        assert_eq!(cut(&"é".repeat(300), 255), "é".repeat(255));
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn no_grapheme_cluster_is_split() {
        for cluster in [
            FAMILY,
            "🇨🇮",
            "👍🏽",
            "e\u{301}\u{302}",
            "क्षि",
            "1\u{fe0f}\u{20e3}",
            "\r\n",
        ] {
            let length = cluster.chars().count();
            let text = format!("{}x", cluster.repeat(4));
            for max_chars in 0..=text.chars().count() {
                let expected = match max_chars.checked_sub(4 * length) {
                    Some(1..) => text.clone(),
                    _ => cluster.repeat(max_chars / length),
                };
                assert_eq!(cut(&text, max_chars), expected, "{cluster:?} {max_chars}");
            }
        }
    }

    #[test]
    fn a_shortened_text_ends_with_an_ellipsis() {
        assert_eq!(cut_with_ellipsis("Bonjour Awa", 11), "Bonjour Awa");
        assert_eq!(cut_with_ellipsis("Bonjour Awa", 9), "Bonjour…");
        assert_eq!(
            cut_with_ellipsis(&FAMILY.repeat(2), 9),
            format!("{FAMILY}…")
        );
        assert_eq!(cut_with_ellipsis(FAMILY, 4), "…");
    }
}
