use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::{
        GetCertificateRequest, GetCertificateResponse, ListCertificateEventsRequest, ListCertificateEventsResponse,
        ListCertificatesRequest, ListCertificatesResponse, RetireCertificateRequest, RetireCertificateResponse,
        TrustCertificateRequest, TrustCertificateResponse, certificate_service_server::CertificateService,
    },
    resource,
};

use super::{Api, change, refused};
use crate::{
    convert::certificate::{event, message, name, wanted},
    listing::Listing,
};

#[tonic::async_trait]
impl CertificateService for Api {
    #[tracing::instrument(name = "registry.list_certificates", skip_all)]
    async fn list_certificates(
        &self,
        request: Request<ListCertificatesRequest>,
    ) -> Result<Response<ListCertificatesResponse>, Status> {
        let asked = request.get_ref();
        let wanted = wanted(asked, self.registry.now()).map_err(refused)?;
        let list = format!("{}/certificates {:?} {:?}", asked.organization, asked.expiring_within, asked.states);
        let listing = Listing::read(&list, asked.page_size, &asked.page_token).map_err(refused)?;
        let page = self.registry.certificates(&wanted, &listing).await.map_err(refused)?;
        let certificates = page.entries.iter().map(message).collect();
        Ok(Response::new(ListCertificatesResponse { certificates, next_page_token: page.next_page_token }))
    }

    #[tracing::instrument(name = "registry.get_certificate", skip_all)]
    async fn get_certificate(
        &self,
        request: Request<GetCertificateRequest>,
    ) -> Result<Response<GetCertificateResponse>, Status> {
        let name = name(&request.get_ref().name).map_err(refused)?;
        let certificate = self.registry.certificate(&name).await.map_err(refused)?;
        Ok(Response::new(GetCertificateResponse { certificate: Some(message(&certificate)) }))
    }

    #[tracing::instrument(name = "registry.list_certificate_events", skip_all)]
    async fn list_certificate_events(
        &self,
        request: Request<ListCertificateEventsRequest>,
    ) -> Result<Response<ListCertificateEventsResponse>, Status> {
        let ListCertificateEventsRequest { parent, page_size, page_token } = request.get_ref();
        let id = resource::connection("parent", parent).map_err(refused)?;
        let listing = Listing::read(&format!("{parent}/events"), *page_size, page_token).map_err(refused)?;
        let page = self.registry.certificate_events(id, &listing).await.map_err(refused)?;
        let events = page.entries.iter().map(event).collect();
        Ok(Response::new(ListCertificateEventsResponse { events, next_page_token: page.next_page_token }))
    }

    #[tracing::instrument(name = "registry.trust_certificate", skip_all)]
    async fn trust_certificate(
        &self,
        request: Request<TrustCertificateRequest>,
    ) -> Result<Response<TrustCertificateResponse>, Status> {
        let TrustCertificateRequest { name: text, etag } = request.get_ref();
        let (name, change) = (name(text).map_err(refused)?, change(&request, "etag", etag)?);
        let certificate = self.registry.trust_certificate(&name, change).await.map_err(refused)?;
        Ok(Response::new(TrustCertificateResponse { certificate: Some(message(&certificate)) }))
    }

    #[tracing::instrument(name = "registry.retire_certificate", skip_all)]
    async fn retire_certificate(
        &self,
        request: Request<RetireCertificateRequest>,
    ) -> Result<Response<RetireCertificateResponse>, Status> {
        let RetireCertificateRequest { name: text, etag } = request.get_ref();
        let (name, change) = (name(text).map_err(refused)?, change(&request, "etag", etag)?);
        let certificate = self.registry.retire_certificate(&name, change).await.map_err(refused)?;
        Ok(Response::new(RetireCertificateResponse { certificate: Some(message(&certificate)) }))
    }
}
