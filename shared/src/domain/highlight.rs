use std::ops::Range;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

/// The part of a message around its first match, as an HTML fragment: the matching words in `<mark>…</mark>`,
/// everything else escaped, and `…` in place of omitted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Highlight(String);

impl Highlight {
    /// The longest fragment, in grapheme clusters. It ends after a whole word, unless one word is longer.
    const LENGTH: usize = 200;
    /// The most grapheme clusters before the first match.
    const LEAD: usize = 60;

    /// Marks the matches in `text`.
    ///
    /// Each of `marked` is a copy of `text` with `<` before a match and `>` after it. Other characters may be replaced
    /// by blanks, one for one (`chat_search_marked` in the migrations). The matches of all copies are marked. A
    /// grapheme cluster is marked as a whole.
    #[must_use]
    pub fn new(text: &str, marked: &[String]) -> Self {
        let matches = matching_chars(text, marked);
        let mut chars = 0;
        let clusters: Vec<Cluster<'_>> = text
            .graphemes(true)
            .map(|text| {
                let from = chars;
                chars += text.chars().count();
                let is_match = matches[from..chars].contains(&true);
                Cluster { text, is_match }
            })
            .collect();
        let shown = shown(&clusters);

        let mut html = String::new();
        if shown.start > 0 {
            html.push('…');
        }
        for run in clusters[shown.clone()].chunk_by(|one, next| one.is_match == next.is_match) {
            let is_match = run[0].is_match;
            html.push_str(if is_match { "<mark>" } else { "" });
            for cluster in run {
                escape(cluster.text, &mut html);
            }
            html.push_str(if is_match { "</mark>" } else { "" });
        }
        if shown.end < clusters.len() {
            html.push('…');
        }
        Self(html)
    }
}

struct Cluster<'a> {
    text: &'a str,
    is_match: bool,
}

impl Cluster<'_> {
    fn is_blank(&self) -> bool {
        self.text.chars().all(char::is_whitespace)
    }
}

/// Returns for each character of `text` whether it is marked.
fn matching_chars(text: &str, marked: &[String]) -> Vec<bool> {
    let mut matches = vec![false; text.chars().count()];
    for copy in marked {
        let mut places = matches.iter_mut();
        let mut is_match = false;
        for c in copy.chars() {
            match c {
                '<' => is_match = true,
                '>' => is_match = false,
                _ => {
                    if let Some(place) = places.next() {
                        *place |= is_match;
                    }
                }
            }
        }
    }
    matches
}

/// Returns which clusters to show. The fragment begins and ends between words where it can.
fn shown(clusters: &[Cluster<'_>]) -> Range<usize> {
    let first_match = clusters.iter().position(|cluster| cluster.is_match);
    let first_match = first_match.unwrap_or_default();
    let earliest = first_match.saturating_sub(Highlight::LEAD);
    let start = match earliest {
        0 => 0,
        _ => (earliest..first_match)
            .find(|&place| clusters[place - 1].is_blank())
            .unwrap_or(earliest),
    };
    let latest = (start + Highlight::LENGTH).min(clusters.len());
    let end = if latest == clusters.len() {
        latest
    } else {
        (first_match + 1..=latest)
            .rev()
            .find(|&place| clusters[place].is_blank())
            .unwrap_or(latest)
    };
    start..end
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

    fn highlight(text: &str, marked: &[&str]) -> String {
        let marked: Vec<_> = marked.iter().map(|&copy| copy.to_owned()).collect();
        Highlight::new(text, &marked).0
    }

    #[test]
    fn the_text_is_marked_where_any_copy_is() {
        assert_eq!(
            highlight(
                "J’arrive, déjà arrivé !",
                &["J <arrive>  déjà arrivé  ", "J arrive  déjà <arrivé>  "]
            ),
            "J’<mark>arrive</mark>, déjà <mark>arrivé</mark> !"
        );
        assert_eq!(highlight("Merci", &[]), "Merci");
        assert_eq!(highlight("", &[""]), "");
    }

    #[test]
    fn everything_else_is_escaped() {
        assert_eq!(
            highlight(
                "<b onclick='x'>\"oui\" & non</b>",
                &[" b onclick  x   <oui>    non  b "]
            ),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;<mark>oui</mark>&quot; &amp; non&lt;/b&gt;"
        );
    }

    #[test]
    fn a_grapheme_cluster_is_marked_as_a_whole() {
        assert_eq!(
            highlight(
                "le 1\u{fe0f}\u{20e3}, e\u{301}te\u{301}",
                &["le <1>    <e>\u{301}te\u{301}"]
            ),
            "le <mark>1\u{fe0f}\u{20e3}</mark>, <mark>e\u{301}</mark>te\u{301}"
        );
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_match_between_words() {
        let text = format!("{}cible {}", "avant ".repeat(50), "après ".repeat(50));
        let html = highlight(&text, &[&text.replace("cible", "<cible>")]);
        assert!(
            html.starts_with("…avant") && html.ends_with("après…"),
            "{html}"
        );
        assert!(html.contains("avant <mark>cible</mark> après"), "{html}");
        assert_eq!(html.matches("avant").count(), 10);
        assert!(html.chars().count() < 220);
    }

    #[test]
    fn a_long_text_is_cut_between_grapheme_clusters_where_it_has_no_blanks() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let text = format!("{0}mot{0}", family.repeat(300));
        let html = highlight(&text, &[&text.replace("mot", "<mot>")]);
        assert_eq!(
            html,
            format!(
                "…{}<mark>mot</mark>{}…",
                family.repeat(60),
                family.repeat(137)
            )
        );
    }
}
