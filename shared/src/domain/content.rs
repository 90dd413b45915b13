use super::{Coordinates, ImageUrl, Invalid, Text};

/// The kinds of message, by their names in JSON and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageType {
    /// Words.
    #[default]
    Text,
    /// A photo.
    Image,
    /// A place.
    Location,
    /// A notice of the platform or of an admin.
    System,
}

impl MessageType {
    /// By name.
    ///
    /// # Errors
    /// An unknown name.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "text" => Ok(Self::Text),
            "image" => Ok(Self::Image),
            "location" => Ok(Self::Location),
            "system" => Ok(Self::System),
            other => Err(Invalid::choice(other)),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Location => "location",
            Self::System => "system",
        }
    }

    /// What is shown of a message of this kind that has no words.
    #[must_use]
    pub fn without_words(self) -> &'static str {
        match self {
            Self::Image => "📷 Photo",
            Self::Location => "📍 Position partagée",
            Self::Text | Self::System => "",
        }
    }
}

/// What a message says. Each kind has its own fields and no others.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Words.
    Text(Text),
    /// A photo, with or without words.
    Image(ImageUrl, Option<Text>),
    /// A place, with or without words.
    Location(Coordinates, Option<Text>),
    /// A notice of the platform or of an admin.
    System(Text),
}

impl Content {
    /// How much of a text the list of rooms shows, in characters.
    pub const PREVIEW_CHARS: usize = 255;

    /// Its kind.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Image(..) => MessageType::Image,
            Self::Location(..) => MessageType::Location,
            Self::System(_) => MessageType::System,
        }
    }

    /// Its words; `""` where it has none.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::System(text) => text.as_str(),
            Self::Image(_, caption) | Self::Location(_, caption) => {
                caption.as_ref().map_or("", Text::as_str)
            }
        }
    }

    /// The photo's URL; `""` where it has none.
    #[must_use]
    pub fn image_url(&self) -> &str {
        if let Self::Image(url, _) = self {
            url.as_str()
        } else {
            ""
        }
    }

    /// The place, if it is one.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        if let Self::Location(coordinates, _) = self {
            Some(*coordinates)
        } else {
            None
        }
    }

    /// What the list of rooms shows of it.
    #[must_use]
    pub fn preview(&self) -> String {
        match self.text() {
            "" => self.message_type().without_words().to_owned(),
            text => text.chars().take(Self::PREVIEW_CHARS).collect(),
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
