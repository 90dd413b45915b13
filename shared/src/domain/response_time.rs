use std::fmt;

use super::Seconds;

/// How long a customer who is called has to respond before they count as unreachable.
pub type ResponseTime = Seconds<1, 3600, 300>;

impl ResponseTime {
    /// Returns the system message that calls the customer.
    #[must_use]
    pub fn call(self) -> String {
        format!(
            "Le livreur est arrivé et ne parvient pas à joindre le destinataire. Merci de répondre {self}."
        )
    }
}

/// The time for the participants, in minutes if it is whole minutes.
impl fmt::Display for ResponseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.number();
        match (seconds / 60, seconds % 60) {
            (0, 1) => f.write_str("dans la seconde"),
            (1, 0) => f.write_str("dans la minute"),
            (minutes, 0) => write!(f, "dans les {minutes} minutes"),
            _ => write!(f, "dans les {seconds} secondes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_names_the_time() {
        for (seconds, words) in [
            (1, "dans la seconde"),
            (45, "dans les 45 secondes"),
            (60, "dans la minute"),
            (90, "dans les 90 secondes"),
            (300, "dans les 5 minutes"),
        ] {
            let call = ResponseTime::parse(&seconds.to_string()).unwrap().call();
            assert!(call.ends_with(&format!("Merci de répondre {words}.")));
        }
    }
}
