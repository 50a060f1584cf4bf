use tonic::Request;
use vestibule_kernel::Chain;
use vestibule_rpc::{
    Caller,
    saml::v1::{RotateServiceProviderKeysRequest, RotateServiceProviderKeysResponse},
};

use super::{Api, OPERATOR};
use crate::{error::Error, key_schedule, service_provider};

impl Api {
    pub(super) async fn rotate_keys(
        &self,
        request: &Request<RotateServiceProviderKeysRequest>,
    ) -> Result<RotateServiceProviderKeysResponse, Error> {
        if Caller::of(request).actor != OPERATOR {
            return Err(Error::NotTheOperator);
        }
        let connection = self.connection(&request.get_ref().connection).await?;
        let published = self.credentials.rotate(connection.id).await?.ok_or(Error::KeysRotating)?;
        for generation in published.signing.iter().chain(&published.encryption).map(|key| key.generation.id) {
            tracing::info!(connection = %connection.id, key = %generation, "service provider key in use after a rotation");
        }
        if let Some(command) = key_schedule::told(&self.credentials, &*self.clock, connection.id).await? {
            let (id, metadata) = ((connection.organization, connection.id), vestibule_host::metadata(request));
            // The keys are there; that they are is noted by the job, if not now.
            if let Err(error) = key_schedule::note(&self.acceptor.log, id, metadata, &command).await {
                tracing::warn!(connection = %connection.id, error = %Chain(&error), "the new keys are told of in the next round");
            }
        }
        Ok(RotateServiceProviderKeysResponse { keys: service_provider::keys(&published) })
    }
}
