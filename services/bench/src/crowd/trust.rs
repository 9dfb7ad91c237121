//! Whom fans with TLS believe: the certificates of a file, and nobody else.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};

use crate::crowd::wire::Trust;

/// How a process is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tls {
    /// The file with the certificates, as PEM.
    pub(crate) ca: PathBuf,
    /// The host that the server must prove to be.
    pub(crate) name: String,
}

impl Tls {
    /// What a connection needs of it. Nobody resumes a TLS session: each pays for all of it.
    pub(crate) fn trust(&self) -> io::Result<Trust> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&self.ca).map_err(io::Error::other)? {
            let certificate = certificate.map_err(io::Error::other)?;
            roots.add(certificate).map_err(io::Error::other)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        let name = ServerName::try_from(self.name.clone()).map_err(io::Error::other)?;
        Ok((Arc::new(config), name))
    }
}
