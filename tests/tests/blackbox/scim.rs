//! An organization's directory, over SCIM: the shapes in which Entra ID and Okta provision people, what they lead to at
//! sign-in and in tokens, and what somebody else's directory gets.

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Fleet, Interop, Launch, Vestibule, http_client, until};

use crate::{cognito::Pool, customer::Customer, refusal};

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A directory with a token.
struct Directory {
    name: String,
    url: String,
    token: String,
    token_id: String,
    http: reqwest::Client,
}

/// What was answered.
struct Answer {
    status: StatusCode,
    etag: Option<String>,
    body: Value,
}

impl Directory {
    /// Made by the command line, as the handbook says.
    fn create(vestibule: &Vestibule, slug: &str, options: &[&str]) -> Result<Self> {
        let listed = vestibule.run(["connection", "list", slug, "--json"])?.json()?;
        let connection = listed["connections"][0]["name"].as_str().context("a connection")?.to_owned();
        let create = ["directory", "create", &connection, "--json"];
        let made = vestibule.run(create.iter().chain(options))?.json()?;
        let name = made["name"].as_str().context("a name")?.to_owned();
        Self::with_token(vestibule, name)
    }

    fn with_token(vestibule: &Vestibule, name: String) -> Result<Self> {
        let added = vestibule.run(["directory", "token", "add", &name, "--json"])?.json()?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text in the answer");
        Ok(Self {
            name,
            url: text(&added["directory"]["scim_url"])?,
            token: text(&added["token"])?,
            token_id: text(&added["token_id"])?,
            http: http_client()?,
        })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.conditional(method, path, body, None).await
    }

    async fn conditional(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        if_match: Option<&str>,
    ) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json; charset=utf-8").body(body.to_string());
        }
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        let answer = request.send().await?;
        let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let (status, text) = (answer.status(), answer.text().await?);
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).context(text)? };
        Ok(Answer { status, etag, body })
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.ask(Method::GET, path, None).await?;
        ensure!(answer.status == StatusCode::OK, "{path}: {} {}", answer.status, answer.body);
        Ok(answer.body)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.ask(Method::POST, path, Some(body)).await?;
        ensure!(answer.status == StatusCode::CREATED, "{path}: {} {}", answer.status, answer.body);
        Ok(answer.body)
    }

    async fn patch(&self, path: &str, operations: &Value) -> Result<Value> {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        let answer = self.ask(Method::PATCH, path, Some(&body)).await?;
        ensure!(answer.status == StatusCode::OK, "{path}: {} {}", answer.status, answer.body);
        Ok(answer.body)
    }

    /// What is refused, and with which keyword.
    async fn refused(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let answer = self.ask(method, path, body).await?;
        ensure!(answer.status.as_u16() >= 400, "{path}: {} {}", answer.status, answer.body);
        ensure!(answer.body["schemas"] == json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{}", answer.body);
        ensure!(answer.body["status"] == answer.status.as_str(), "{}", answer.body);
        Ok((answer.status.as_u16(), answer.body["scimType"].clone()))
    }
}

fn id(resource: &Value) -> Result<String> {
    resource["id"].as_str().map(str::to_owned).context("an id")
}

fn encoded(filter: &str) -> String {
    url::form_urlencoded::byte_serialize(filter.as_bytes()).collect()
}

fn user(name: &str, external_id: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": external_id, "active": true })
}

async fn customer(vestibule: &Vestibule, slug: &str) -> Result<(Pool, Customer)> {
    let pool = Pool::start(vestibule).await?;
    let customer = Customer::onboard(vestibule, &pool.client, slug).await?;
    Ok((pool, customer))
}

/// The `sub` of everybody in an organization.
fn people(vestibule: &Vestibule, slug: &str) -> Result<Vec<Value>> {
    let listed = vestibule.run(["person", "list", slug, "--json"])?.json()?;
    listed["persons"].as_array().cloned().context("a list of persons")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_entra_makes_signs_in_with_the_same_sub_and_whom_it_deactivates_gets_no_tokens() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (pool, customer) = customer(&vestibule, "acme").await?;
    let options = ["--subject", "external-id", "--name-id-format", PERSISTENT];
    let directory = Directory::create(&vestibule, "acme", &options)?;

    // "Test connection": a user that cannot be there.
    let nobody = encoded("userName eq \"8d3f1c7e-0b3e-4d6a-b6f5-2b8d2f0c2a11\"");
    let found = directory.get(&format!("/Users?filter={nobody}")).await?;
    assert_eq!((&found["totalResults"], &found["itemsPerPage"]), (&json!(0), &json!(0)), "{found}");
    let made = directory
        .post(
            "/Users",
            &json!({
                "schemas": [USER, ENTERPRISE],
                "externalId": "id-of-ada",
                "userName": "ada@acme.test",
                "active": true,
                "displayName": "Ada Lovelace",
                "emails": [{ "primary": true, "type": "work", "value": "ada@acme.test" }],
                "meta": { "resourceType": "User" },
                "name": { "formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada" },
                "title": "Countess",
                (ENTERPRISE): { "department": "Engines", "manager": { "value": "1" } },
            }),
        )
        .await?;
    let ada = id(&made)?;
    let [person] = <[Value; 1]>::try_from(people(&vestibule, "acme")?).map_err(|all| anyhow::anyhow!("{all:?}"))?;
    assert_eq!(person["profile"]["email"], "ada@acme.test");
    let tokens = pool.sign_in(&customer).await?;
    let name = person["name"].as_str().context("a name")?;
    assert!(tokens.id["sub"].is_string() && people(&vestibule, "acme")?.len() == 1, "the sign-in made another person");

    let eq = encoded("userName eq \"ADA@ACME.test\"");
    assert_eq!(directory.get(&format!("/Users?filter={eq}")).await?["Resources"][0]["id"], ada.as_str());
    // The cycle's usual changes, one request as Entra ID writes it.
    let changed = directory
        .patch(
            &format!("/Users/{ada}"),
            &json!([
                { "op": "Replace", "path": "displayName", "value": "Ada King" },
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "king@acme.test" },
                { "op": "Add", "path": "name.familyName", "value": "King" },
                { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Looms" },
            ]),
        )
        .await?;
    assert_eq!(changed["emails"][0]["value"], "king@acme.test");
    let shown = vestibule.run(["person", "show", "acme", name.rsplit('/').next().unwrap_or_default()])?;
    assert!(shown.ok()?.contains("king@acme.test"), "{shown}");

    let deactivate = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(directory.patch(&format!("/Users/{ada}"), &deactivate).await?["active"], false);
    until("the refresh to be refused", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 400).then_some(())))
        .await?;
    let mut browser = Browser::new()?;
    let location = pool.client.authorize(&mut browser, &customer).await?;
    let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
    assert!(answer.location.is_none(), "signed in although the directory deactivated them");
    assert_eq!(refusal::traced_page(&vestibule, &answer.problem())?["reason"], "PERSON_DEACTIVATED");

    let reactivate = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    directory.patch(&format!("/Users/{ada}"), &reactivate).await?;
    until("the refresh to work again", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 200).then_some(())))
        .await?;

    // What an operator has decided, the directory does not take back.
    vestibule
        .run(["person", "deactivate", "acme", name.rsplit('/').next().unwrap_or_default(), "--note", "x"])?
        .ok()?;
    directory.patch(&format!("/Users/{ada}"), &deactivate).await?;
    directory.patch(&format!("/Users/{ada}"), &reactivate).await?;
    until("the refresh to be refused", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 400).then_some(())))
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn okta_imports_deactivates_by_put_and_pushes_groups_that_are_roles() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (pool, customer) = customer(&vestibule, "acme").await?;
    let listed = vestibule.run(["connection", "list", "acme", "--json"])?.json()?;
    let connection = listed["connections"][0]["name"].as_str().context("a connection")?.to_owned();
    vestibule.run(["connection", "configure", "acme", &connection, "--role", "engineer=Engineers"])?.ok()?;
    let options = ["--subject", "external-id", "--name-id-format", PERSISTENT, "--roles", "directory"];
    let directory = Directory::create(&vestibule, "acme", &options)?;

    let found = directory.get("/Users?startIndex=1&count=100").await?;
    assert_eq!((&found["totalResults"], &found["startIndex"]), (&json!(0), &json!(1)));
    let okta = |active: bool| {
        json!({
            "schemas": [USER],
            "userName": "ada@acme.test",
            "name": { "givenName": "Ada", "familyName": "Lovelace" },
            "emails": [{ "primary": true, "value": "ada@acme.test", "type": "work" }],
            "displayName": "Ada Lovelace",
            "locale": "en-US",
            "externalId": "id-of-ada",
            "groups": [],
            "password": "1mz050nq",
            "active": active,
        })
    };
    let ada = id(&directory.post("/Users", &okta(true)).await?)?;
    let tokens = pool.sign_in(&customer).await?;

    let group = json!({ "schemas": [GROUP], "displayName": "Engineers", "members": [] });
    let engineers = id(&directory.post("/Groups", &group).await?)?;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": ada, "display": "ada@acme.test" }] }]);
    let joined = directory.patch(&format!("/Groups/{engineers}"), &add).await?;
    assert_eq!(joined["members"][0]["value"], ada.as_str(), "{joined}");
    let roles = |vestibule: &Vestibule| -> Result<Value> { Ok(people(vestibule, "acme")?[0]["roles"].clone()) };
    assert_eq!(roles(&vestibule)?, json!(["engineer"]));
    let shown = directory.get(&format!("/Users/{ada}")).await?;
    assert_eq!(shown["groups"][0]["display"], "Engineers", "{shown}");
    // What is asserted at sign-in says nothing of roles now.
    pool.sign_in(&customer).await?;
    assert_eq!(roles(&vestibule)?, json!(["engineer"]));

    let rename = json!([{ "op": "replace", "value": { "id": engineers, "displayName": "Former engineers" } }]);
    directory.patch(&format!("/Groups/{engineers}"), &rename).await?;
    assert_eq!(roles(&vestibule)?, json!([]), "a group of another name gives no role");
    let back = json!([{ "op": "replace", "value": { "id": engineers, "displayName": "Engineers" } }]);
    directory.patch(&format!("/Groups/{engineers}"), &back).await?;
    assert_eq!(roles(&vestibule)?, json!(["engineer"]));
    // Other rules mean something else for everybody, without a word of the directory.
    for (rule, role) in [("builder=Engineers", "builder"), ("engineer=Engineers", "engineer")] {
        vestibule.run(["connection", "configure", "acme", &connection, "--role", rule])?.ok()?;
        until("the role that the group means now", async || Ok((roles(&vestibule)? == json!([role])).then_some(())))
            .await?;
    }
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]);
    directory.patch(&format!("/Groups/{engineers}"), &remove).await?;
    assert_eq!(roles(&vestibule)?, json!([]));
    let all = json!([{ "op": "replace", "path": "members", "value": [{ "value": ada }] }]);
    directory.patch(&format!("/Groups/{engineers}"), &all).await?;
    assert_eq!(roles(&vestibule)?, json!(["engineer"]));
    let gone = directory.ask(Method::DELETE, &format!("/Groups/{engineers}"), None).await?;
    assert_eq!((gone.status, roles(&vestibule)?), (StatusCode::NO_CONTENT, json!([])));

    let answer = directory.ask(Method::PUT, &format!("/Users/{ada}"), Some(&okta(false))).await?;
    assert_eq!((answer.status, &answer.body["active"]), (StatusCode::OK, &json!(false)), "{}", answer.body);
    until("the refresh to be refused", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 400).then_some(())))
        .await?;
    // Unassigned and assigned again: another user of the directory, and the same person.
    assert_eq!(directory.ask(Method::DELETE, &format!("/Users/{ada}"), None).await?.status, StatusCode::NO_CONTENT);
    assert_eq!(directory.ask(Method::GET, &format!("/Users/{ada}"), None).await?.status, StatusCode::NOT_FOUND);
    assert_ne!(id(&directory.post("/Users", &okta(true)).await?)?, ada);
    assert_eq!(pool.sign_in(&customer).await?.id["sub"], tokens.id["sub"]);
    assert_eq!(people(&vestibule, "acme")?.len(), 1);
    is_kept_nowhere(&vestibule, "1mz050nq")
}

/// A password that a directory sends.
fn is_kept_nowhere(vestibule: &Vestibule, password: &str) -> Result<()> {
    let data = std::fs::read_dir(vestibule.directory().join("vestibule-data"))?;
    for file in data {
        let file = file?.path();
        if file.is_file() {
            let bytes = std::fs::read(&file)?;
            assert!(!bytes.windows(password.len()).any(|window| window == password.as_bytes()), "{}", file.display());
        }
    }
    assert!(!vestibule.process.stderr().contains(password));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_names_and_pages_are_kept() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (_pool, _customer) = customer(&vestibule, "acme").await?;
    let directory = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let first = directory.ask(Method::POST, "/Users", Some(&user("user0@acme.test", "x0"))).await?;
    let (path, etag) = (format!("/Users/{}", id(&first.body)?), first.etag.context("an ETag")?);
    assert_eq!(first.body["meta"]["version"], etag.as_str());
    let rename = json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "displayName", "value": "A" }] });
    let done = directory.conditional(Method::PATCH, &path, Some(&rename), Some(&etag)).await?;
    assert_eq!(done.status, StatusCode::OK);
    let stale = directory.conditional(Method::DELETE, &path, None, Some(&etag)).await?;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(directory.get(&path).await?["displayName"], "A");

    for number in 1..25 {
        directory.post("/Users", &user(&format!("user{number}@acme.test"), &format!("x{number}"))).await?;
    }
    let mut seen = std::collections::BTreeSet::new();
    for start in [1, 11, 21, 31] {
        let page = directory.get(&format!("/Users?startIndex={start}&count=10&attributes=userName")).await?;
        assert_eq!(page["totalResults"], 25);
        for found in page["Resources"].as_array().context("resources")? {
            assert!(found.get("externalId").is_none(), "{found}");
            assert!(seen.insert(found["userName"].to_string()), "twice: {found}");
        }
    }
    assert_eq!(seen.len(), 25);
    assert_eq!(directory.get("/Users?count=0").await?["totalResults"], 25);
    searched(&directory).await?;
    let starts = encoded("userName sw \"user1\" and not (externalId eq \"x1\")");
    assert_eq!(directory.get(&format!("/Users?filter={starts}&count=3")).await?["totalResults"], 10);

    let taken = |answer: (u16, Value)| assert_eq!(answer, (409, json!("uniqueness")));
    taken(directory.refused(Method::POST, "/Users", Some(&user("USER3@acme.test", "new"))).await?);
    taken(directory.refused(Method::POST, "/Users", Some(&user("new@acme.test", "x3"))).await?);
    taken(directory.refused(Method::PUT, &path, Some(&user("user4@acme.test", "x0"))).await?);
    // RFC 7644 section 4: discovery knows no filter.
    let filtered = format!("/Schemas?filter={}", encoded("id pr"));
    assert_eq!(directory.refused(Method::GET, &filtered, None).await?.0, 403);
    Ok(())
}

/// Searching by POST finds what a list finds, and what all lists together find.
async fn searched(directory: &Directory) -> Result<()> {
    directory.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "user group", "externalId": "x1" })).await?;
    let search = async |path: &str, mut said: Value| -> Result<Value> {
        said["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]);
        let answer = directory.ask(Method::POST, path, Some(&said)).await?;
        ensure!(answer.status == StatusCode::OK, "{path} {said}: {} {}", answer.status, answer.body);
        Ok(answer.body)
    };
    let found =
        search("/Users/.search", json!({ "filter": "userName sw \"user1\"", "attributes": ["userName"] })).await?;
    assert_eq!((&found["totalResults"], found["Resources"][0].get("externalId")), (&json!(11), None), "{found}");
    let both = search("/.search", json!({ "filter": "externalId eq \"x1\"" })).await?;
    let kinds: Vec<&Value> =
        both["Resources"].as_array().context("resources")?.iter().map(|one| &one["meta"]["resourceType"]).collect();
    assert_eq!((&both["totalResults"], kinds), (&json!(2), vec![&json!("User"), &json!("Group")]), "{both}");
    let groups = search("/.search", json!({ "filter": "displayName eq \"user group\"", "count": 5 })).await?;
    assert_eq!(groups["totalResults"], 1, "{groups}");
    // The pages of both follow each other, and each resource is on one of them.
    let mut seen = std::collections::BTreeSet::new();
    for start in [1, 11, 21, 31] {
        let page = search("/.search", json!({ "startIndex": start, "count": 10 })).await?;
        assert_eq!(page["totalResults"], 26);
        for one in page["Resources"].as_array().context("resources")? {
            assert!(seen.insert(one["id"].to_string()), "twice: {one}");
        }
    }
    assert_eq!(seen.len(), 26);
    let refused = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "x eq" });
    assert_eq!(directory.refused(Method::POST, "/.search", Some(&refused)).await?, (400, json!("invalidFilter")));
    let without = json!({ "filter": "externalId eq \"x1\"" });
    assert_eq!(
        directory.refused(Method::POST, "/Groups/.search", Some(&without)).await?,
        (400, json!("invalidSyntax"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_token_opens_nothing_and_hostile_messages_change_nothing() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (pool, _) = customer(&vestibule, "acme").await?;
    Customer::onboard(&vestibule, &pool.client, "globex").await?;
    let acme = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let globex = Directory::create(&vestibule, "globex", &["--name-id-format", PERSISTENT])?;
    let eve = id(&globex.post("/Users", &user("eve@globex.test", "e")).await?)?;
    let team = id(&globex.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Team" })).await?)?;

    // Another organization's resources are as good as none.
    for path in [format!("/Users/{eve}"), format!("/Groups/{team}")] {
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(acme.refused(method, &path, None).await?.0, 404, "{path}");
        }
    }
    let kidnap = json!({ "schemas": [GROUP], "displayName": "Mine", "members": [{ "value": eve }] });
    assert_eq!(acme.refused(Method::POST, "/Groups", Some(&kidnap)).await?, (400, json!("invalidValue")));
    let all = encoded(&format!("id eq \"{eve}\""));
    assert_eq!(acme.get(&format!("/Users?filter={all}")).await?["totalResults"], 0);
    // A token is good for its own directory; what is not there answers in the same words.
    let crossed = Directory { url: globex.url.clone(), ..Directory::with_token(&vestibule, acme.name.clone())? };
    let nowhere = Directory {
        url: format!("{}01890a5d-ac96-774b-bcce-b302099a8051", &acme.url[..acme.url.len() - 36]),
        token: acme.token.clone(),
        ..Directory::with_token(&vestibule, globex.name.clone())?
    };
    let no_token = Directory { token: "x".repeat(40), url: acme.url.clone(), ..nowhere };
    let mut words = Vec::new();
    for stranger in [&crossed, &no_token] {
        let answer = stranger.ask(Method::GET, "/Users", None).await?;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        words.push(answer.body);
    }
    assert_eq!(words[0], words[1]);
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        assert_eq!(crossed.refused(Method::GET, path, None).await?.0, 401, "{path}");
    }

    // Mass assignment: what only we say is not taken from the message.
    let made = acme
        .post(
            "/Users",
            &json!({
                "schemas": [USER], "userName": "ada@acme.test", "id": eve, "groups": [{ "value": team }], "roles": ["admin"],
                "meta": { "version": "W/\"99\"", "location": "https://evil.test" }, "person": eve, "directory": globex.name,
            }),
        )
        .await?;
    assert_ne!(made["id"], eve.as_str());
    assert!(
        made.get("groups").is_none() && made["meta"]["location"].as_str().unwrap_or_default().starts_with(&acme.url)
    );

    hostile_messages_change_nothing(&acme).await?;

    // Two tokens overlap; the one that is retired opens nothing from then on.
    assert!(vestibule.run(["directory", "token", "add", &acme.name])?.refused(1)?.contains("DIRECTORY_TOKENS_FULL"));
    vestibule.run(["directory", "token", "retire", &acme.name, &acme.token_id])?.ok()?;
    assert_eq!(acme.refused(Method::GET, "/Users", None).await?.0, 401);
    let other = Directory { url: acme.url.clone(), ..crossed };
    other.get("/Users").await?;
    for secret in [&acme.token, &other.token] {
        assert!(!vestibule.process.stderr().contains(secret.as_str()), "a token is in the log");
    }
    vestibule.events()?;
    Ok(())
}

async fn hostile_messages_change_nothing(acme: &Directory) -> Result<()> {
    let deep = format!("{}active pr{}", "(".repeat(200), ")".repeat(200));
    let long = format!("userName eq \"{}\"", "a".repeat(3_000));
    let redos = format!("userName co \"{}\" and userName ew \"{}\"", "a".repeat(600), "a".repeat(600));
    for filter in [deep.as_str(), long.as_str(), "password sw \"t\"", "userName eq", "userName regex \"(a+)+$\""] {
        let path = format!("/Users?filter={}", encoded(filter));
        assert_eq!(acme.refused(Method::GET, &path, None).await?, (400, json!("invalidFilter")), "{filter}");
    }
    assert_eq!(acme.get(&format!("/Users?filter={}", encoded(&redos))).await?["totalResults"], 0);

    let raw = async |content_type: &str, body: Vec<u8>| -> Result<u16> {
        let request = acme.http.post(format!("{}/Users", acme.url)).bearer_auth(&acme.token);
        Ok(request.header("content-type", content_type).body(body).send().await?.status().as_u16())
    };
    let json_type = "application/scim+json";
    let twice = format!(r#"{{"schemas":["{USER}"],"userName":"a","USERNAME":"b"}}"#);
    assert_eq!(raw(json_type, twice.into_bytes()).await?, 400);
    assert_eq!(raw(json_type, vec![b' '; 1024 * 1024 + 1]).await?, 413);
    assert_eq!(raw(json_type, vec![b'['; 500_000]).await?, 400);
    assert_eq!(raw("text/xml", b"<a/>".to_vec()).await?, 415);
    assert!(
        slow(acme, "x").await?.await??.starts_with("HTTP/1.1 401 "),
        "a body is waited for before the token is good"
    );
    assert_eq!(acme.refused(Method::POST, "/Bulk", Some(&json!({}))).await?.0, 501);
    assert_eq!(acme.refused(Method::PUT, "/Users", None).await?.0, 405);
    assert_eq!(acme.get("/Users").await?["totalResults"], 1, "a refused message has made somebody");
    Ok(())
}

/// The answer to a request whose body does not come, once there is one.
async fn slow(directory: &Directory, token: &str) -> Result<JoinHandle<std::io::Result<String>>> {
    let url: url::Url = format!("{}/Users", directory.url).parse()?;
    let (host, port) = (url.host_str().context("a host")?, url.port_or_known_default().context("a port")?);
    let mut connection = TcpStream::connect((host, port)).await?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: 100\r\n\r\n{{",
        url.path(),
    );
    connection.write_all(head.as_bytes()).await?;
    Ok(tokio::spawn(async move {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer)
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_directory_cannot_hold_another_ones_places_with_bodies_that_do_not_come() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (pool, _) = customer(&vestibule, "acme").await?;
    Customer::onboard(&vestibule, &pool.client, "globex").await?;
    let acme = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let globex = Directory::create(&vestibule, "globex", &["--name-id-format", PERSISTENT])?;
    acme.get("/Users").await?;
    let mut begun = Vec::new();
    for _ in 0..150 {
        begun.push(slow(&acme, &acme.token).await?);
    }
    until("all but a few to be refused", async || {
        Ok((begun.iter().filter(|one| !one.is_finished()).count() <= 8).then_some(()))
    })
    .await?;
    // Meanwhile another directory is served, also one that nobody knows yet, and this one has to wait.
    globex.post("/Users", &user("eve@globex.test", "e")).await?;
    assert_eq!(acme.refused(Method::GET, "/Users", None).await?.0, 429);
    assert_eq!(begun.iter().filter(|one| !one.is_finished()).count(), 8, "without them nothing is shown");
    let mut answers = std::collections::BTreeMap::<String, usize>::new();
    for one in begun {
        let answer = one.await??.to_lowercase();
        // Those that are too many are told in the words of the protocol, and when to come again.
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:error"), "{answer}");
        let status = answer.get(9..12).unwrap_or_default().to_owned();
        assert!(status != "429" || answer.contains("retry-after: 1"), "{answer}");
        *answers.entry(status).or_default() += 1;
    }
    assert_eq!(answers, [("408".to_owned(), 8), ("429".to_owned(), 142)].into_iter().collect());
    acme.get("/Users").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_may_ask_as_often_as_is_said() -> Result<()> {
    let vestibule = Launch::serve("all")?.set("scim.per_directory_second_max", 1).start().await?;
    let (_pool, _customer) = customer(&vestibule, "acme").await?;
    let directory = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    for _ in 0..4 {
        directory.get("/Users?count=0").await?;
    }
    until("too many requests", async || {
        let answer = directory.ask(Method::GET, "/Users?count=0", None).await?;
        ensure!([StatusCode::OK, StatusCode::TOO_MANY_REQUESTS].contains(&answer.status), "{}", answer.body);
        Ok((answer.status == StatusCode::TOO_MANY_REQUESTS).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_understood_in_another_way_when_its_operator_says_so() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (_pool, _customer) = customer(&vestibule, "acme").await?;
    let directory = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let ada = format!("/Users/{}", id(&directory.post("/Users", &user("ada@acme.test", "id-of-ada")).await?)?);
    let configure = ["directory", "configure", &directory.name, "--subject", "external-id"];
    assert!(vestibule.run(configure)?.refused(1)?.contains("DIRECTORY_HAS_USERS"));
    let stale = ["directory", "configure", &directory.name, "--roles", "directory", "--etag", "1"];
    assert!(vestibule.run(stale)?.refused(1)?.contains("ETAG_MISMATCH"));
    assert_eq!(directory.ask(Method::DELETE, &ada, None).await?.status, StatusCode::NO_CONTENT);
    vestibule.run(configure)?.ok()?;
    vestibule.run(["directory", "configure", &directory.name, "--roles", "directory"])?.ok()?;
    let shown = vestibule.run(["directory", "show", &directory.name, "--json"])?.json()?;
    assert_eq!((&shown["subject"], &shown["roles"]), (&json!("SUBJECT_EXTERNAL_ID"), &json!("ROLES_DIRECTORY")));
    directory.post("/Users", &user("ada@acme.test", "id-of-ada")).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_reaches_its_people_through_services_apart() -> Result<()> {
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    let surroundings = fleet.surroundings().await?;
    let mut directory = Directory::create(fleet.service("registry"), "acme", &["--name-id-format", PERSISTENT])?;
    let path = directory.url.strip_prefix(&fleet.public_url()).context("an address below the public one")?.to_owned();
    directory.url = format!("{}{path}", fleet.scim_url());
    let made = directory.post("/Users", &user("grace@acme.test", "grace")).await?;
    assert_eq!(directory.get("/Users").await?["totalResults"], 1);
    let stranger = Directory { token: "x".repeat(40), ..directory };
    assert_eq!(stranger.refused(Method::GET, &format!("/Users/{}", id(&made)?), None).await?.0, 401);
    drop(surroundings);
    let said = fleet.terminate().await?;
    ensure!(!said.contains("ERROR"), "something was not right: {said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_let_out_whatever_people_are_recognised_by() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let (_pool, _customer) = customer(&vestibule, "acme").await?;
    let directory = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let ada = format!("/Users/{}", id(&directory.post("/Users", &user("ada@acme.test", "ada")).await?)?);
    let listed = vestibule.run(["connection", "list", "acme", "--json"])?.json()?;
    let connection = listed["connections"][0]["name"].as_str().context("a connection")?.to_owned();
    vestibule.run(["connection", "configure", "acme", &connection, "--subject-attribute", "employeeNumber"])?.ok()?;

    let renamed =
        json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "displayName", "value": "A" }] });
    assert_eq!(directory.refused(Method::PATCH, &ada, Some(&renamed)).await?.0, 503);
    let leave = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(directory.patch(&ada, &leave).await?["active"], false);
    let people = people(&vestibule, "acme")?;
    ensure!(people.len() == 1 && people[0]["state"] == "STATE_DEACTIVATED", "{people:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim2_tester_finds_nothing_to_object_to() -> Result<()> {
    let Some(tester) = Interop::python("scim_tester.py", &[])? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.set("scim.per_directory_second_max", 1_000).start().await?;
    let (_pool, _customer) = customer(&vestibule, "acme").await?;
    let directory = Directory::create(&vestibule, "acme", &["--name-id-format", PERSISTENT])?;
    let report = tester.order(&json!({ "url": directory.url, "token": directory.token })).await?;
    assert_eq!(report["failed"], json!([]), "{report:#}");
    assert!(report["checks"].as_u64().is_some_and(|checks| checks >= 60), "{report:#}");
    Ok(())
}
