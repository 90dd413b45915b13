use std::fmt::Display;

use form_urlencoded::{byte_serialize, parse};
use serde::Serialize;
use url::Url;

use super::{Fields, Request};
use crate::domain::{Cursor, Page, PageNumber, PageSize};
use crate::error::{BadRequest, Error, Result};

/// The page that a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    pub number: PageNumber,
    pub size: PageSize,
}

impl Listing {
    /// Reads `page` and `page_size`.
    ///
    /// # Errors
    /// 404 for an invalid `page`, as in DRF.
    pub fn read(query: &Fields) -> Result<Self> {
        let number = match query.text("page") {
            "" => PageNumber::FIRST,
            raw => PageNumber::parse(raw).ok_or(Error::BadRequest(BadRequest::Page))?,
        };
        Ok(Self {
            number,
            size: PageSize::parse(query.text("page_size")),
        })
    }
}

/// Reads `cursor`, the position from which a list without page numbers continues.
///
/// # Errors
/// 404 for an invalid cursor, as in DRF.
pub fn read_cursor(query: &Fields) -> Result<Option<Cursor>> {
    match query.text("cursor") {
        "" => Ok(None),
        raw => match Cursor::parse(raw) {
            None => Err(Error::BadRequest(BadRequest::Page)),
            place => Ok(place),
        },
    }
}

/// A page in the API's form, with absolute links.
#[derive(Debug, Serialize)]
pub struct Paged<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> Paged<T> {
    /// Creates a numbered page. The link to the first page has no number.
    #[must_use]
    pub fn new(request: &Request, page: Page<T>) -> Self {
        let link = |number: i64| {
            let page = (number > 1).then(|| number.to_string());
            with_parameter(request, "page", page.as_deref())
        };
        Self {
            next: page.next().and_then(link),
            previous: page.previous().and_then(link),
            count: page.count,
            results: page.results,
        }
    }

    /// Creates a slice of a longer list that continues with these query parameters, if it does.
    #[must_use]
    pub fn slice(
        request: &Request,
        count: i64,
        results: Vec<T>,
        continues: Option<&[(&str, i64)]>,
    ) -> Self {
        let next = continues.and_then(|parameters| {
            let mut url = request.url()?;
            for (name, value) in parameters {
                set_parameter(&mut url, name, Some(&value.to_string()));
            }
            Some(url.into())
        });
        Self {
            count,
            next,
            previous: None,
            results,
        }
    }
}

/// A slice of a list without page numbers, whose `next` has the position where it continues.
#[derive(Debug, Serialize)]
pub struct CursorPage<T> {
    next: Option<String>,
    /// Always null: such a list is read in one direction.
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> CursorPage<T> {
    /// Creates a slice that continues at `continues`, if it does.
    #[must_use]
    pub fn new(request: &Request, results: Vec<T>, continues: Option<Cursor>) -> Self {
        let next = continues
            .and_then(|cursor| with_parameter(request, "cursor", Some(&cursor.to_string())));
        Self {
            next,
            previous: None,
            results,
        }
    }

    /// Creates a slice of a list that is ordered by id, which continues after the id `continues`, if it does.
    #[must_use]
    pub fn after(request: &Request, results: Vec<T>, continues: Option<impl Display>) -> Self {
        Self {
            next: link_after(request, continues),
            previous: None,
            results,
        }
    }
}

/// Returns the link to the slice after the position `continues`, if there is one.
#[must_use]
pub fn link_after(request: &Request, continues: Option<impl Display>) -> Option<String> {
    with_parameter(request, "after", Some(&continues?.to_string()))
}

/// Returns the request's URL with one query parameter set, or removed if `value` is `None`. The others stay unchanged,
/// in their order and with their repetitions.
fn with_parameter(request: &Request, name: &str, value: Option<&str>) -> Option<String> {
    let mut url = request.url()?;
    set_parameter(&mut url, name, value);
    Some(url.into())
}

fn set_parameter(url: &mut Url, name: &str, value: Option<&str>) {
    let query = replace_parameter(url.query().unwrap_or_default(), name, value);
    url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
}

fn replace_parameter(query: &str, name: &str, value: Option<&str>) -> String {
    let is_named = |pair: &str| parse(pair.as_bytes()).any(|(it, _)| it == name);
    let mut replacement = value.map(|value| {
        format!(
            "{name}={}",
            byte_serialize(value.as_bytes()).collect::<String>()
        )
    });
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if is_named(pair) {
            pairs.extend(replacement.take());
        } else {
            pairs.push(pair.to_owned());
        }
    }
    pairs.extend(replacement);
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parameter_that_is_set_changes() {
        for (query, page, expected) in [
            ("", Some("2"), "page=2"),
            ("page=2", None, ""),
            (
                "page_size=5&page_size=100&b=%20x&a=+",
                Some("2"),
                "page_size=5&page_size=100&b=%20x&a=+&page=2",
            ),
            ("b&page=1&a=&page=7", Some("3"), "b&page=3&a="),
            ("b&p%61ge=2&a", None, "b&a"),
            ("", Some("a b&c"), "page=a+b%26c"),
        ] {
            assert_eq!(replace_parameter(query, "page", page), expected, "{query}");
        }
    }
}
