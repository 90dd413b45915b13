use std::error::Error;

use rustls::CertificateError;

/// Describes what is wrong with the server's certificate, and names the setting that helps.
pub fn certificate_error(error: &(dyn Error + 'static)) -> Option<String> {
    // rustls wraps its errors in an `io::Error` without making them its source.
    let Some(io) = error.downcast_ref::<std::io::Error>() else {
        return certificate_error(error.source()?);
    };
    let Some(rustls::Error::InvalidCertificate(reason)) = io.get_ref()?.downcast_ref() else {
        return None;
    };
    Some(match reason {
        CertificateError::UnknownIssuer => "the certificate's issuer is unknown: sslrootcert must name a PEM file with \
            its root, and with the intermediate certificates that the server does not send; without sslrootcert, the \
            public roots and those of Amazon RDS in AWS_REGION are known"
            .to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is not valid for the host's name".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        _ => "the certificate is not valid".to_owned(),
    })
}
