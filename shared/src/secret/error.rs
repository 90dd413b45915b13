//! Why AWS Secrets Manager does not return the secret.

/// A request for the secret that failed. Neither the secret nor its name is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No response from Secrets Manager.
    #[error(
        "Secrets Manager cannot be reached: {0}. In a VPC the function needs NAT or an endpoint for secretsmanager"
    )]
    Unreachable(String),
    /// An error response, by its code, such as `AccessDeniedException`.
    #[error("Secrets Manager rejects the request for the secret named by CHAT_SECRET_ID: {0}{hint}", hint = hint(.0))]
    Rejected(String),
    /// The secret is binary.
    #[error("the secret named by CHAT_SECRET_ID has no text")]
    NoText,
}

impl SecretError {
    /// Returns whether the same request may succeed within a minute: a new role's policy takes a while to reach every
    /// service.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::NoText => false,
            Self::Rejected(code) => matches!(
                code.as_str(),
                "AccessDeniedException"
                    | "InternalServiceError"
                    | "InternalServiceErrorException"
                    | "InvalidClientTokenId"
                    | "RequestLimitExceeded"
                    | "ServiceUnavailable"
                    | "ThrottlingException"
                    | "UnrecognizedClientException"
            ),
        }
    }
}

fn hint(code: &str) -> &'static str {
    match code {
        "ResourceNotFoundException" => {
            ". There is no such secret in this region and account: give ChatSecretArn the full ARN, with the six \
             characters at its end"
        }
        "AccessDeniedException" => {
            ". The function's role may not read it: check the resource policy of the secret, and the KMS key"
        }
        "DecryptionFailure" => ". Secrets Manager cannot use the secret's KMS key",
        "InvalidRequestException" => ". The secret is scheduled for deletion, or has no value",
        _ => "",
    }
}
