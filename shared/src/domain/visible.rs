use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Returns whether a text has no visible character: it has only white space, control characters, and characters that
/// Unicode calls default ignorable (zero-width characters, variation selectors, bidi controls, tags, fillers).
#[must_use]
pub fn shows_nothing(text: &str) -> bool {
    /// A Braille cell without a dot: a symbol for Unicode, a blank for a reader.
    const BRAILLE_BLANK: char = '\u{2800}';

    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || c == BRAILLE_BLANK || ignorable.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_show_nothing() {
        for text in [
            "",
            " \t\n\u{a0}\u{2003}\u{3000}",
            "\u{200b}",
            "\u{200c}\u{200d}\u{2060}\u{feff}",
            "\u{ad}\u{34f}\u{61c}\u{180e}",
            "\u{2800}",
            "\u{115f}\u{1160}\u{3164}\u{ffa0}",
            "\u{fe0f}\u{fe0e}\u{e0100}",
            "\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}",
            "\u{e0001}\u{e0067}\u{e007f}",
            "\u{1}\u{7f}\u{85}",
            " \u{200b} \u{2800} ",
        ] {
            assert!(shows_nothing(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_with_a_visible_character_is_visible() {
        for text in [
            "a",
            ".",
            "\u{200b}a",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "\u{202e}שלום\u{202c}",
            "می\u{200c}خواهم",
            "\u{301}",
        ] {
            assert!(!shows_nothing(text), "{text:?}");
        }
    }
}
