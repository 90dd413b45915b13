use super::*;

fn settings(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::from_lookup(|name| {
        variables
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| (*v).to_owned())
    })
}

#[test]
fn a_missing_variable_names_itself() {
    assert!(
        settings(&[])
            .unwrap_err()
            .to_string()
            .contains("FIREBASE_DATABASE_URL")
    );
}

#[test]
fn an_empty_database_url_means_no_mirror() {
    assert!(
        settings(&[("FIREBASE_DATABASE_URL", "")])
            .unwrap()
            .firebase
            .is_none()
    );
}

#[test]
fn an_invalid_database_url_is_rejected() {
    for url in ["relais.firebaseio.com", "ftp://x", "https://"] {
        assert!(
            settings(&[("FIREBASE_DATABASE_URL", url)]).is_err(),
            "{url}"
        );
    }
}

#[test]
fn database_urls_are_a_list_and_an_error_names_the_entry() {
    let of = |value| {
        settings(&[("FIREBASE_DATABASE_URL", value)])
            .map(|settings| settings.firebase.unwrap().database_urls)
    };
    let urls = of(" https://A.firebaseio.com/ ,\thttps://b.firebaseio.com?ns=c ").unwrap();
    let urls: Vec<_> = urls.iter().map(database_url).collect();
    assert_eq!(
        urls,
        ["https://a.firebaseio.com", "https://b.firebaseio.com/?ns=c"]
    );
    for (value, words) in [
        ("https://a.example,", r#"entry 2, "": relative URL"#),
        ("ftp://a.example", r#"entry 1, "ftp://a.example": an http"#),
        ("https://a.example, b", r#"entry 2, "b": relative URL"#),
        (
            "https://a.example,https://b.example,HTTPS://A.example/",
            r#"entry 3, "HTTPS://A.example/": the database is listed twice"#,
        ),
    ] {
        let error = of(value).unwrap_err().to_string();
        assert!(
            error.contains("FIREBASE_DATABASE_URL") && error.contains(words),
            "{error}"
        );
    }
}

#[test]
fn pushes_go_to_google_unless_fcm_url_is_set() {
    let of = |value: Option<&str>| {
        let mut variables = vec![("FIREBASE_DATABASE_URL", "")];
        variables.extend(value.map(|value| ("FCM_URL", value)));
        settings(&variables).map(|settings| settings.fcm_url.map(String::from))
    };
    assert_eq!(of(None).unwrap().unwrap(), "https://fcm.googleapis.com/");
    assert_eq!(of(Some(" ")).unwrap(), None);
    assert_eq!(
        of(Some("http://127.0.0.1:1")).unwrap().unwrap(),
        "http://127.0.0.1:1/"
    );
    let error = of(Some("fcm")).unwrap_err().to_string();
    assert!(error.contains("FCM_URL"), "{error}");
}

#[test]
fn sends_have_a_default_limit_that_can_be_changed_or_disabled() {
    let of = |value: Option<&str>| {
        let mut variables = vec![("FIREBASE_DATABASE_URL", "")];
        variables.extend(value.map(|value| ("SEND_LIMIT_SUPPORT", value)));
        settings(&variables).map(|settings| settings.send_limits.support)
    };
    assert_eq!(of(None).unwrap(), Some(RateLimit::MESSAGES));
    assert_eq!(of(Some("")).unwrap(), None);
    assert_eq!(of(Some("5/1")).unwrap(), RateLimit::parse("5/1").unwrap());
    let error = of(Some("many")).unwrap_err().to_string();
    assert!(error.contains("SEND_LIMIT_SUPPORT"), "{error}");
}

#[test]
fn webhooks_go_to_an_https_url_or_to_this_machine() {
    let of = |value| {
        settings(&[("FIREBASE_DATABASE_URL", ""), ("WEBHOOK_URL", value)])
            .map(|settings| settings.webhooks.map(|it| it.url.to_string()))
    };
    for value in [
        "https://platform.example/chat/webhooks?from=relais",
        "http://127.0.0.1:9300/",
        "http://localhost/",
        "http://[::1]:80/x",
    ] {
        assert!(of(value).unwrap().is_some(), "{value}");
    }
    assert_eq!(of("").unwrap(), None);
    for value in [
        "http://platform.example/",
        "http://127.0.0.1.example/",
        "ftp://localhost/",
        "webhooks",
    ] {
        let error = of(value).unwrap_err().to_string();
        assert!(error.contains("WEBHOOK_URL"), "{error}");
    }
}

#[test]
fn user_limits_have_defaults_that_can_be_changed_or_disabled() {
    let of = |variables: &[_]| {
        settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat())
            .map(|settings| settings.person_limits)
    };
    let limits = of(&[("ROOM_LIMIT", "0"), ("UPLOAD_LIMIT", "3/1/min")]).unwrap();
    assert_eq!(limits.rooms, None);
    assert_eq!(limits.uploads, RateLimit::parse("3/1/min").unwrap());
    assert_eq!(limits.searches, Some(RateLimit::SEARCHES));
    assert_eq!(of(&[]).unwrap().rooms, Some(RateLimit::ROOMS));
    for name in ["ROOM_LIMIT", "UPLOAD_LIMIT", "SEARCH_LIMIT"] {
        let error = of(&[(name, "many")]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn rooms_without_a_delivery_are_allowed_unless_only_support_has_them() {
    let of = |value| {
        settings(&[
            ("FIREBASE_DATABASE_URL", ""),
            ("ROOMS_WITHOUT_DELIVERY", value),
        ])
        .map(|settings| settings.rooms_without_delivery)
    };
    assert_eq!(of("").unwrap(), RoomsWithoutDelivery::Allow);
    assert_eq!(of("allow").unwrap(), RoomsWithoutDelivery::Allow);
    assert_eq!(
        of("support_only").unwrap(),
        RoomsWithoutDelivery::SupportOnly
    );
    let error = of("never").unwrap_err().to_string();
    assert!(error.contains("ROOMS_WITHOUT_DELIVERY"), "{error}");
}

#[test]
fn phones_are_disclosed_by_a_policy_that_each_room_type_may_override() {
    use crate::domain::PhoneDisclosure::{Always, Never, WhileOpen};
    let of = |variables: &[_]| {
        settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat())
            .map(|settings| settings.disclosure)
    };
    let both = |delivery, support| Disclosure { delivery, support };
    let (common, delivery, support) = (
        "PHONE_DISCLOSURE",
        "PHONE_DISCLOSURE_DELIVERY",
        "PHONE_DISCLOSURE_SUPPORT",
    );
    assert_eq!(of(&[]).unwrap(), both(Always, Always));
    assert_eq!(of(&[(common, "never")]).unwrap(), both(Never, Never));
    assert_eq!(
        of(&[(common, "while_open"), (support, "never"), (delivery, "")]).unwrap(),
        both(WhileOpen, Never)
    );
    for name in [common, delivery, support] {
        let error = of(&[(name, "sometimes")]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn the_statement_cache_is_on_off_or_unset() {
    let of = |value| {
        settings(&[("FIREBASE_DATABASE_URL", ""), ("STATEMENT_CACHE", value)])
            .map(|settings| settings.statement_cache)
    };
    assert_eq!(of("on").unwrap(), Some(true));
    assert_eq!(of("off").unwrap(), Some(false));
    assert_eq!(of("").unwrap(), None);
    let error = of("yes").unwrap_err().to_string();
    assert!(error.contains("STATEMENT_CACHE"), "{error}");
}

#[test]
fn times_have_defaults_that_can_be_changed() {
    let of = |variables: &[_]| {
        settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat()).map(|settings| {
            [
                settings.room_grace.number(),
                settings.response_time.number(),
                settings.edit_window.number(),
            ]
        })
    };
    let names = [
        "ROOM_GRACE_SECONDS",
        "UNREACHABLE_SECONDS",
        "EDIT_WINDOW_SECONDS",
    ];
    assert_eq!(of(&[]).unwrap(), [7_200, 300, 900]);
    assert_eq!(
        of(&names.map(|name| (name, ""))).unwrap(),
        [7_200, 300, 900]
    );
    let changed: Vec<_> = names.into_iter().zip(["0", "60", "1"]).collect();
    assert_eq!(of(&changed).unwrap(), [0, 60, 1]);
    for name in names {
        let error = of(&[(name, "2 h")]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn messages_are_kept_unless_a_number_of_days_is_set() {
    let of = |value: &str| {
        let variables = [("FIREBASE_DATABASE_URL", ""), ("RETENTION_DAYS", value)];
        settings(&variables).map(|settings| settings.retention)
    };
    assert_eq!(of("").unwrap(), None);
    assert_eq!(of("0").unwrap(), None);
    assert_eq!(of("365").unwrap(), RetentionPeriod::parse("365").unwrap());
    let error = of("a year").unwrap_err().to_string();
    assert!(error.contains("RETENTION_DAYS"), "{error}");
}

#[test]
fn the_pool_has_one_connection_unless_lambda_serves_concurrent_requests() {
    let of = |variables: &[_]| settings(variables).unwrap().concurrency.get();
    assert_eq!(of(&[("FIREBASE_DATABASE_URL", "")]), 1);
    assert_eq!(
        of(&[
            ("FIREBASE_DATABASE_URL", ""),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "8")
        ]),
        8
    );
}
