use super::{Coordinates, ImageUrl, Invalid, Text, cut};

/// The types of message, by their names in JSON and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageType {
    #[default]
    Text,
    Image,
    Location,
    /// A notice of the platform or of an admin.
    System,
}

impl MessageType {
    /// The preview of a room whose last message is deleted.
    pub const DELETED: &'static str = "Message supprimé";

    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "text" => Ok(Self::Text),
            "image" => Ok(Self::Image),
            "location" => Ok(Self::Location),
            "system" => Ok(Self::System),
            other => Err(Invalid::choice(other)),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Location => "location",
            Self::System => "system",
        }
    }

    /// Returns the preview of a message of this type without a text.
    #[must_use]
    pub fn without_words(self) -> &'static str {
        match self {
            Self::Image => "📷 Photo",
            Self::Location => "📍 Position partagée",
            Self::Text | Self::System => "",
        }
    }
}

/// The content of a message. Each type has its own fields and no others.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Text(Text),
    /// A photo, with or without a text.
    Image(ImageUrl, Option<Text>),
    /// A position, with or without a text.
    Location(Coordinates, Option<Text>),
    /// A notice of the platform or of an admin.
    System(Text),
}

impl Content {
    /// The length of a preview in characters.
    pub const PREVIEW_CHARS: usize = 255;

    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Image(..) => MessageType::Image,
            Self::Location(..) => MessageType::Location,
            Self::System(_) => MessageType::System,
        }
    }

    /// Returns the text; `""` without one.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::System(text) => text.as_str(),
            Self::Image(_, caption) | Self::Location(_, caption) => {
                caption.as_ref().map_or("", Text::as_str)
            }
        }
    }

    /// Returns the photo's URL; `""` without one.
    #[must_use]
    pub fn image_url(&self) -> &str {
        if let Self::Image(url, _) = self {
            url.as_str()
        } else {
            ""
        }
    }

    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        if let Self::Location(coordinates, _) = self {
            Some(*coordinates)
        } else {
            None
        }
    }

    /// Returns the preview for the list of rooms: at most [`Self::PREVIEW_CHARS`] characters, and never
    /// empty for a message that has a text.
    #[must_use]
    pub fn preview(&self) -> String {
        match self.text() {
            "" => self.message_type().without_words().to_owned(),
            text => match cut(text, Self::PREVIEW_CHARS) {
                "" => "…".to_owned(),
                beginning => beginning.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preview_cuts_a_text_at_255_characters() {
        let content = Content::Text(Text::parse(&"é".repeat(300)).unwrap());
        assert_eq!(content.preview(), "é".repeat(255));
    }

    #[test]
    fn the_preview_never_splits_a_grapheme_cluster() {
        let preview = |text: &str| Content::Text(Text::parse(text).unwrap()).preview();
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(preview(&family.repeat(60)), family.repeat(51));
        assert_eq!(
            preview(&format!("x{}", family.repeat(51))),
            format!("x{}", family.repeat(50))
        );
        assert_eq!(preview(&format!("e{}", "\u{301}".repeat(400))), "…");
    }

    #[test]
    fn the_preview_names_a_photo_or_a_place_without_words() {
        let url = ImageUrl::parse("https://a.ci/1.jpg").unwrap();
        assert_eq!(Content::Image(url.clone(), None).preview(), "📷 Photo");
        assert_eq!(
            Content::Image(url, Some(Text::parse("Voici").unwrap())).preview(),
            "Voici"
        );
        let place = Coordinates {
            latitude: super::super::Latitude::parse(5.3).unwrap(),
            longitude: super::super::Longitude::parse(-4.0).unwrap(),
        };
        assert_eq!(
            Content::Location(place, None).preview(),
            "📍 Position partagée"
        );
    }
}
