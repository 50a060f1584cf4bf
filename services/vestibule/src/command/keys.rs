//! `vestibule keys`.

use std::fmt::Write as _;

use clap::{Subcommand, ValueEnum};
use vestibule_rpc::gateway::v1::{
    ListSigningKeysRequest, ListSigningKeysResponse, RevokeSigningKeyRequest, RotateSigningKeysRequest, SigningKey,
    signing_key_service_client::SigningKeyServiceClient,
};

use super::{Operator, resource_name};
use crate::output::{moment, note, plain, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the keys that sign ID tokens towards Cognito, where they stand, and when the next one is made.
    List,
    /// Publish the next key now. It signs when relying parties had time to read the key set again.
    Rotate {
        /// Only the key of this algorithm; both when absent.
        #[arg(long, value_enum)]
        algorithm: Option<SigningAlgorithm>,
    },
    /// Take a key that somebody else may have out of the key set at once, and sign with the next one at once.
    ///
    /// Tokens that it signed and that nobody has verified yet are refused: whoever is just signing in has to begin again. Cognito
    /// reads the key set for each token. Whoever keeps a copy of it knows the next key, and forgets this one, only when they
    /// have read it again, which takes up to five minutes where they heed what we say.
    Revoke {
        /// Id or name, as `vestibule keys list` shows it; the `kid` of tokens.
        key: String,
        /// Why, for whoever reads the log later.
        #[arg(long)]
        note: String,
    },
}

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SigningAlgorithm {
    Rs256,
    Es256,
}

impl SigningAlgorithm {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = SigningKeyServiceClient::new(operator.channel.clone());
    let refused = |status: tonic::Status| operator.refused(&status);
    let (answer, told) = match command {
        Command::List => {
            (client.list_signing_keys(ListSigningKeysRequest {}).await.map_err(refused)?.into_inner(), None)
        }
        Command::Rotate { algorithm } => {
            let algorithm = algorithm.map(SigningAlgorithm::as_str).unwrap_or_default().to_owned();
            let request = RotateSigningKeysRequest { algorithm };
            let answer = client.rotate_signing_keys(request).await.map_err(refused)?.into_inner();
            let answer = ListSigningKeysResponse { signing_keys: answer.signing_keys, rotations: answer.rotations };
            (answer, Some("The next key is published. It signs by itself when its time has come."))
        }
        Command::Revoke { key, note } => {
            let request = RevokeSigningKeyRequest { name: resource_name("signingKeys", &key), note };
            let answer = client.revoke_signing_key(request).await.map_err(refused)?.into_inner();
            let answer = ListSigningKeysResponse { signing_keys: answer.signing_keys, rotations: answer.rotations };
            let told = "Tokens that it signed are refused from now on. Whoever keeps a copy of /oauth2/jwks goes on trusting it \
                        until they read it again: tell them.";
            (answer, Some(told))
        }
    };
    operator.format.print("vestibule.gateway.v1.ListSigningKeysResponse", &answer, human)?;
    if let Some(told) = told {
        note(told);
    }
    Ok(())
}

fn human(answer: &ListSigningKeysResponse) -> String {
    let row = |key: &SigningKey| {
        [
            key.algorithm.clone(),
            plain(key.state().as_str_name(), "STATE_"),
            moment(key.sign_time.as_ref()),
            moment(key.retire_time.as_ref()),
            moment(key.remove_time.as_ref()),
            key.name.rsplit('/').next().unwrap_or_default().to_owned(),
        ]
    };
    let heading = ["algorithm", "state", "signs from", "until", "published until", "key"];
    let rows: Vec<_> = answer.signing_keys.iter().map(row).collect();
    let mut text = table(heading, &rows, "no keys");
    for rotation in &answer.rotations {
        let when = match rotation.rotate_time.as_ref() {
            Some(at) => format!("made at {}", moment(Some(at))),
            None => "made only by `vestibule keys rotate`".to_owned(),
        };
        let _ = write!(text, "\nthe next {} key is {when}", rotation.algorithm);
    }
    text
}
