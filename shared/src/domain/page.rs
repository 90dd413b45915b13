use serde::Serialize;

/// The number of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageNumber {
    /// Counted from 1.
    Number(i64),
    Last,
}

impl PageNumber {
    pub const FIRST: Self = Self::Number(1);

    /// Parses `page`: a whole number from 1, or `last`; `None` for anything else.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        match raw.trim() {
            "last" => Some(Self::Last),
            number => number.parse().ok().filter(|n| *n >= 1).map(Self::Number),
        }
    }

    /// Returns the number of entries before the page; `None` for the last page, which depends on their count.
    #[must_use]
    pub fn offset(self, size: PageSize) -> Option<i64> {
        match self {
            Self::Number(number) => Some((number - 1).saturating_mul(size.get())),
            Self::Last => None,
        }
    }
}

/// The number of entries per page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(i64);

impl PageSize {
    /// The default, also for an invalid `page_size`.
    pub const DEFAULT: Self = Self(20);
    /// The largest page.
    pub const MAX: Self = Self(100);

    /// Parses `page_size`: a larger value means the maximum, an invalid one the default.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        match raw.trim().parse::<u128>() {
            Ok(0) | Err(_) => Self::DEFAULT,
            Ok(size) => Self(i64::try_from(size).unwrap_or(i64::MAX).min(Self::MAX.0)),
        }
    }

    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A page of a longer list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page<T> {
    /// The number of entries in all.
    pub count: i64,
    #[serde(skip)]
    pub number: i64,
    #[serde(skip)]
    pub size: i64,
    pub results: Vec<T>,
}

impl<T> Page<T> {
    /// Returns the page of a list with `count` entries, or `None` if the list is shorter. The first page always exists.
    #[must_use]
    pub fn new(count: i64, number: PageNumber, size: PageSize, results: Vec<T>) -> Option<Self> {
        let last = count.saturating_add(size.get() - 1) / size.get();
        let number = match number {
            PageNumber::Number(number) => number,
            PageNumber::Last => last.max(1),
        };
        (number == 1 || number <= last).then_some(Self {
            count,
            number,
            size: size.get(),
            results,
        })
    }

    /// Changes the entries.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            count: self.count,
            number: self.number,
            size: self.size,
            results: self.results.into_iter().map(change).collect(),
        }
    }

    #[must_use]
    pub fn next(&self) -> Option<i64> {
        (self.number.saturating_mul(self.size) < self.count).then_some(self.number + 1)
    }

    #[must_use]
    pub fn previous(&self) -> Option<i64> {
        (self.number > 1).then_some(self.number - 1)
    }
}

/// The order of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageOrder {
    /// `-created_at`.
    #[default]
    NewestFirst,
    /// `created_at`.
    OldestFirst,
}

impl MessageOrder {
    /// Parses `ordering`; an unknown value is the default, as in DRF.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        if raw == "created_at" {
            Self::OldestFirst
        } else {
            Self::NewestFirst
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_page_size_is_the_default_and_a_large_one_the_maximum() {
        for (raw, size) in [
            ("5", 5),
            ("0", 20),
            ("-1", 20),
            ("x", 20),
            ("101", 100),
            ("99999999999999999999", 100),
        ] {
            assert_eq!(PageSize::parse(raw).get(), size, "{raw}");
        }
    }

    #[test]
    fn a_page_number_is_a_whole_number_from_one_or_last() {
        assert_eq!(PageNumber::parse("2"), Some(PageNumber::Number(2)));
        assert_eq!(PageNumber::parse("last"), Some(PageNumber::Last));
        for raw in ["0", "-1", "x", "1.5", "99999999999999999999"] {
            assert_eq!(PageNumber::parse(raw), None, "{raw}");
        }
    }

    #[test]
    fn an_empty_list_has_a_first_page_and_no_second() {
        let page =
            |number| Page::<()>::new(0, PageNumber::Number(number), PageSize::DEFAULT, vec![]);
        assert_eq!(
            page(1).map(|p| (p.next(), p.previous())),
            Some((None, None))
        );
        assert_eq!(page(2), None);
    }

    #[test]
    fn only_existing_pages_have_links() {
        let page = |number| Page::<()>::new(41, number, PageSize::DEFAULT, vec![]).unwrap();
        assert_eq!(page(PageNumber::FIRST).next(), Some(2));
        assert_eq!(page(PageNumber::Number(2)).previous(), Some(1));
        assert_eq!(
            (page(PageNumber::Last).number, page(PageNumber::Last).next()),
            (3, None)
        );
    }
}
