use super::{ImageUrl, Invalid};

/// The hosts that may serve photos. If there are none, every host may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageHosts(Vec<String>);

impl ImageHosts {
    /// Parses host names, separated by commas.
    ///
    /// # Errors
    /// An entry is not a bare host name: one with a scheme, a port or a path would never match.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let names = raw
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let hosts: Vec<_> = names.map(str::to_ascii_lowercase).collect();
        let is_name = |host: &String| {
            host.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        };
        match hosts.iter().find(|host| !is_name(host)) {
            Some(host) => Err(format!("« {host} » is not a host name").into()),
            None => Ok(Self(hosts)),
        }
    }

    /// Checks that one of the hosts serves a photo.
    ///
    /// Between `https://` and the path there must be the name and nothing else: no user, no port and no other spelling,
    /// which a phone might read differently.
    ///
    /// # Errors
    /// The URL has another host.
    pub fn check(&self, url: &ImageUrl) -> Result<(), Invalid> {
        let (scheme, after_scheme) = url.as_str().split_once("//").unwrap_or_default();
        let authority = after_scheme
            .split(['/', '?', '#'])
            .next()
            .unwrap_or_default();
        let is_allowed = |host: &String| {
            scheme.eq_ignore_ascii_case("https:") && host.eq_ignore_ascii_case(authority)
        };
        if self.0.is_empty() || self.0.iter().any(is_allowed) {
            Ok(())
        } else {
            Err("Cette image n'est pas hébergée sur un site autorisé.".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(hosts: &str, url: &str) -> bool {
        let hosts = ImageHosts::parse(hosts).unwrap();
        hosts.check(&ImageUrl::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn without_host_names_any_host_is_allowed() {
        for hosts in ["", " , "] {
            assert!(allowed(hosts, "https://user@a.ci:8443/1.jpg"), "{hosts}");
        }
    }

    #[test]
    fn a_named_host_is_taken_in_any_case() {
        for url in [
            "https://res.cloudinary.com/demo/1.jpg",
            "HTTPS://RES.Cloudinary.com/demo/1.jpg",
            "https://res.cloudinary.com?x=1",
            "https://res.cloudinary.com",
        ] {
            assert!(allowed("cdn.a.ci, Res.cloudinary.com", url), "{url}");
        }
    }

    #[test]
    fn a_url_that_only_resembles_an_allowed_one_is_rejected() {
        for url in [
            "https://evil.ci/res.cloudinary.com",
            "https://res.cloudinary.com.evil.ci/1.jpg",
            "https://evilres.cloudinary.com/1.jpg",
            "https://x.res.cloudinary.com/1.jpg",
            "https://res.cloudinary.com@evil.ci/1.jpg",
            "https://res.cloudinary.com:pw@evil.ci/1.jpg",
            "https://user@res.cloudinary.com/1.jpg",
            "https://@res.cloudinary.com/1.jpg",
            "https://res.cloudinary.com:443/1.jpg",
            "https://res.cloudinary.com:8443/1.jpg",
            "https://res.cloudinary.com./1.jpg",
            "https://evil.ci#@res.cloudinary.com/",
            "https://evil.ci?@res.cloudinary.com/",
            "https:///res.cloudinary.com/1.jpg",
            "https:res.cloudinary.com/1.jpg",
            "https:xxres.cloudinary.com/1.jpg",
            "https:evil.ci//res.cloudinary.com/1.jpg",
            "https:/evil.ci/res.cloudinary.com/",
            "https://ｒes.cloudinary.com/1.jpg",
            "https://res%2ecloudinary.com/1.jpg",
        ] {
            assert!(!allowed("res.cloudinary.com", url), "{url}");
        }
    }

    #[test]
    fn an_invalid_host_name_is_rejected() {
        for hosts in ["https://a.ci", "a.ci:443", "a.ci/x", "*.a.ci", "a.ci b.ci"] {
            assert!(ImageHosts::parse(hosts).is_err(), "{hosts}");
        }
    }
}
