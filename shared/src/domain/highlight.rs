use serde::Serialize;

/// Where a message matches, as HTML: a fragment with the matching words in `<mark>…</mark>` and all else escaped, so
/// that it can be shown as it is. Where the text goes on there is an ellipsis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Highlight(String);

impl Highlight {
    /// How much of the text is shown, in characters, words at the ends left whole.
    const LENGTH: usize = 200;
    /// How much of that may stand before the first match.
    const LEAD: usize = 60;

    /// Marks `words`, each as it stands in the text.
    #[must_use]
    pub fn new(text: &str, words: &[String]) -> Self {
        let runs = runs(text);
        let is_match = |run: &Run<'_>| run.is_word && words.iter().any(|word| word == run.text);
        let first_match = runs.iter().position(is_match).unwrap_or_default();
        let start = fitting(runs[..first_match].iter().rev(), Self::LEAD);
        let start = first_match - start;
        let end = start + fitting(runs[start..].iter(), Self::LENGTH).max(1);
        let shown = runs.get(start..end.min(runs.len())).unwrap_or_default();

        let mut html = String::new();
        if start > 0 {
            html.push('…');
        }
        for run in shown {
            if is_match(run) {
                html.push_str("<mark>");
                html.push_str(run.text);
                html.push_str("</mark>");
            } else {
                escape(run.text, &mut html);
            }
        }
        if end < runs.len() {
            html.push('…');
        }
        Self(html)
    }
}

/// A stretch of a text: a word, or what stands between words.
struct Run<'a> {
    text: &'a str,
    is_word: bool,
}

/// How many of the runs are `length` characters at most.
fn fitting<'a>(runs: impl Iterator<Item = &'a Run<'a>>, length: usize) -> usize {
    let mut left = length;
    runs.take_while(|run| match left.checked_sub(run.text.chars().count()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    })
    .count()
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = is_of_word(first);
        let end = rest
            .find(|c| is_of_word(c) != is_word)
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        runs.push(Run { text, is_word });
        rest = after;
    }
    runs
}

/// Letters and digits, as `chat_search_words` of the migrations has them. A word holds nothing that HTML would read.
fn is_of_word(c: char) -> bool {
    matches!(c,
        '0'..='9' | 'A'..='Z' | 'a'..='z' | '\u{aa}' | '\u{b5}' | '\u{ba}' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{3040}'..='\u{d7ff}' | '\u{f900}'..='\u{fdff}')
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlight(text: &str, words: &[&str]) -> String {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        Highlight::new(text, &words).0
    }

    #[test]
    fn whole_words_are_marked_as_they_stand_in_the_text() {
        assert_eq!(
            highlight("J’arrive, déjà arrivé !", &["arrive", "arrivé"]),
            "J’<mark>arrive</mark>, déjà <mark>arrivé</mark> !"
        );
        assert_eq!(
            highlight("e\u{301}te", &["e\u{301}te"]),
            "<mark>e\u{301}te</mark>"
        );
        assert_eq!(highlight("arriver", &["arrive"]), "arriver");
    }

    #[test]
    fn everything_else_is_escaped() {
        assert_eq!(
            highlight("<b onclick='x'>\"oui\" & non</b>", &["oui"]),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;<mark>oui</mark>&quot; &amp; non&lt;/b&gt;"
        );
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_match_between_words() {
        let text = format!("{}cible {}", "avant ".repeat(50), "après ".repeat(50));
        let html = highlight(&text, &["cible"]);
        assert!(html.starts_with("…") && html.ends_with('…'), "{html}");
        assert!(html.contains("avant <mark>cible</mark> après"), "{html}");
        assert_eq!(html.matches("avant").count(), 10);
        assert!(html.chars().count() < 220);
    }

    #[test]
    fn a_word_longer_than_a_fragment_is_shown_whole() {
        let word = "x".repeat(1000);
        assert_eq!(highlight(&word, &[&word]), format!("<mark>{word}</mark>"));
        assert_eq!(highlight("", &[]), "");
    }
}
