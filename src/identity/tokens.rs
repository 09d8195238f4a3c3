//! Bearer tokens of the demo's own issuer: who calls, in which post and roles, for which ledgers.
//!
//! **Invariant:** one algorithm is accepted and it is named here, so a token can't choose its own. A
//! token says who somebody is; what they may do is the policy's and the ledger's to say.
//!
//! This issuer is for the demo and for tests: whoever can read its key can be anybody.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use piperoll_events::ids::LedgerName;
use piperoll_events::role::granted::RoleName;
use piperoll_events::text::Label;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::secret::{self, SecretError};

const ISSUER: &str = "urn:piperoll:demo-issuer";
const AUDIENCE: &str = "urn:piperoll:api";
const FOLDER: &str = "tokens";
const ALGORITHM: Algorithm = Algorithm::HS256;

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The person's name, as the vault knows it.
    pub sub: Label,
    /// The post held in acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Label>,
    /// The doors they may use.
    pub roles: Vec<RoleName>,
    /// The ledgers they may see.
    pub ledgers: Vec<LedgerName>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    bearer: Bearer,
}

/// Why a token is not accepted; the caller gets another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not a token of this issuer for this service.
    #[error("the token is not one that this service accepts")]
    NotAccepted,
}

/// Issues and checks tokens under one key.
#[derive(Clone)]
pub struct Issuer(Arc<Keys>);

struct Keys {
    secret: [u8; 32],
    checks: Validation,
}

impl Issuer {
    /// The issuer whose key lies in the state folder; made there on the first use.
    ///
    /// # Errors
    /// The key file.
    pub fn open(state: &Path) -> Result<Self, SecretError> {
        // Whoever came first installed the same one.
        PROVIDER.install_default().ok();
        let secret = secret::open_or_make(&state.join(FOLDER), "demo-issuer.key")?;
        let mut checks = Validation::new(ALGORITHM);
        checks.set_audience(&[AUDIENCE]);
        checks.set_issuer(&[ISSUER]);
        checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        checks.leeway = 5;
        Ok(Self(Arc::new(Keys { secret, checks })))
    }

    /// A token for somebody, from `now` for so long.
    ///
    /// # Errors
    /// It can't be written; this is our fault.
    pub fn issue(
        &self,
        bearer: &Bearer,
        now: DateTime<Utc>,
        lasts: TimeDelta,
    ) -> Result<String, TokenError> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add(lasts.num_seconds()),
            bearer: bearer.clone(),
        };
        let key = EncodingKey::from_secret(&self.0.secret);
        encode(&Header::new(ALGORITHM), &claims, &key).map_err(|_| TokenError::NotAccepted)
    }

    /// Whom a token stands for.
    ///
    /// # Errors
    /// Expired, or not one of ours.
    pub fn check(&self, token: &str) -> Result<Bearer, TokenError> {
        let key = DecodingKey::from_secret(&self.0.secret);
        let claims = decode::<Claims>(token, &key, &self.0.checks);
        claims.map(|token| token.claims.bearer).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => TokenError::Expired,
            _ => TokenError::NotAccepted,
        })
    }

    /// A keyed digest of what this service hands out and wants back unchanged.
    #[must_use]
    pub fn seal(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        let mac = Hs256(self.0.secret.to_vec()).keyed();
        let mac = mac.chain_update(label).chain_update([0x1f]).chain_update(bytes);
        mac.finalize().into_bytes().into()
    }
}

/// The library comes without cryptography; this is the service's own (RFC 7518, section 3.2).
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256(key.as_bytes().to_vec()))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256(key.try_get_as_bytes()?.to_vec()))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Vec<u8>);

impl Hs256 {
    fn keyed(&self) -> Hmac<Sha256> {
        // A key shorter than a block is filled up with noughts (RFC 2104).
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(&self.0) {
            *to = *from;
        }
        Hmac::new(&block.into())
    }
}

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.keyed().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], code: &Vec<u8>) -> Result<(), signature::Error> {
        let mac = self.keyed().chain_update(message);
        mac.verify_slice(code).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        ALGORITHM
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        ALGORITHM
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

    fn bearer() -> Bearer {
        Bearer {
            sub: "Gwen Marsh".parse().unwrap(),
            post: "Monitoring Officer".parse().ok(),
            roles: vec![RoleName::FrameworkAdmin],
            ledgers: vec!["northmoor".parse().unwrap()],
        }
    }

    fn issuer() -> Issuer {
        Issuer::open(tempfile::tempdir().unwrap().path()).unwrap()
    }

    #[test]
    fn a_token_says_for_whom_it_was_issued() {
        let issuer = issuer();
        let token = issuer.issue(&bearer(), clock::now(), TimeDelta::hours(1)).unwrap();
        assert_eq!(issuer.check(&token), Ok(bearer()));
    }

    #[test]
    fn the_code_is_that_of_the_rfc() {
        // RFC 7515, appendix A.1: the key and the signing input of its example.
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let code = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let signer = Hs256(BASE64_URL_SAFE_NO_PAD.decode(key).unwrap());
        let signed = signature::Signer::try_sign(&signer, input.as_bytes()).unwrap();
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(signed), code);
    }

    #[test]
    fn a_token_of_another_issuer_without_algorithm_or_past_its_time_is_not_accepted() {
        let (ours, theirs) = (issuer(), issuer());
        let hour = TimeDelta::hours(1);
        let token = theirs.issue(&bearer(), clock::now(), hour).unwrap();
        assert_eq!(ours.check(&token), Err(TokenError::NotAccepted));
        let old = ours.issue(&bearer(), clock::now() - TimeDelta::hours(2), hour).unwrap();
        assert_eq!(ours.check(&old), Err(TokenError::Expired));
        let good = ours.issue(&bearer(), clock::now(), hour).unwrap();
        let claims = good.split('.').nth(1).unwrap();
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"EdDSA"}"#, r#"{"alg":"HS512"}"#] {
            let header = BASE64_URL_SAFE_NO_PAD.encode(header);
            for code in ["", good.rsplit('.').next().unwrap()] {
                let forged = format!("{header}.{claims}.{code}");
                assert_eq!(ours.check(&forged), Err(TokenError::NotAccepted), "{forged}");
            }
        }
        for junk in ["", ".", "..", "a.b.c", &good[1..]] {
            assert_eq!(ours.check(junk), Err(TokenError::NotAccepted));
        }
    }
}
