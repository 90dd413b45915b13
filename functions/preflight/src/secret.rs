//! The settings and the secret, on which all other checks depend.

use std::sync::Arc;

use shared::config::{SecretSource, Settings};
use shared::db::describe;
use shared::secret::{Secret, SecretStore};

use crate::report::Check;

pub async fn checks() -> (Vec<Check>, Option<(Settings, Arc<SecretStore>)>) {
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(error) => {
            let fix = "correct the stack's parameter of that name, and deploy";
            return (
                vec![Check::failed("settings", error.to_string(), fix)],
                None,
            );
        }
    };
    let mut checks = vec![Check::ok("settings", "valid")];
    let algorithm = settings.token_rules.algorithm;
    let opened = SecretStore::open(settings.secret_source.clone(), algorithm);
    match opened.await {
        Ok(secrets) => {
            checks.push(Check::ok("secret", contents(&settings, &secrets.current())));
            checks.push(service_account(&settings, &secrets.current()));
            (checks, Some((settings, Arc::new(secrets))))
        }
        Err(error) => {
            let fix = "correct the secret, or ChatSecretArn and the KMS key: docs/operations.md has its fields";
            checks.push(Check::failed("secret", describe(&*error), fix));
            (checks, None)
        }
    }
}

/// Lists the fields of the secret without their values.
fn contents(settings: &Settings, secret: &Secret) -> String {
    let source = match settings.secret_source {
        SecretSource::SecretsManager(_) => "from Secrets Manager",
        SecretSource::Environment => "from the environment",
    };
    let fields = [
        ("database_url", true),
        ("direct_database_url", secret.direct_database_url.is_some()),
        ("the key of the tokens", true),
        ("the previous key", secret.jwt_keys.len() > 1),
        ("firebase_service_account", secret.service_account.is_some()),
        ("cloudinary_url", secret.cloudinary.is_some()),
        ("redis_url", secret.redis_url.is_some()),
        ("webhook_secret", !secret.webhook_keys.is_empty()),
        ("previous_webhook_secret", secret.webhook_keys.len() > 1),
    ];
    let set = fields.iter().filter(|(_, is_set)| *is_set);
    let set: Vec<_> = set.map(|(name, _)| *name).collect();
    format!("read {source}: {}", set.join(", "))
}

fn service_account(settings: &Settings, secret: &Secret) -> Check {
    const NAME: &str = "service account";
    let Some(account) = &secret.service_account else {
        return if settings.firebase.is_some() {
            let fix =
                "add firebase_service_account to the secret, or leave FirebaseDatabaseUrl empty";
            Check::failed(NAME, "FIREBASE_DATABASE_URL is set, and there is none", fix)
        } else {
            Check::skipped(
                NAME,
                "none, and no mirror: phones get neither live updates nor pushes",
            )
        };
    };
    match account.sign(&serde_json::json!({})) {
        Ok(_) => Check::ok(
            NAME,
            format!("of the project {}; its key signs", account.project_id),
        ),
        Err(error) => Check::failed(
            NAME,
            format!("its private_key cannot sign: {error}"),
            "copy the JSON key into the secret as Google made it",
        ),
    }
}
