//! The sandbox's developer console, used as a vendor uses Atlassian's: by its forms.

use crate::link::customer::{Customer, between};

/// An app that was made in the console.
pub(crate) struct ConsoleApp {
    origin: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl ConsoleApp {
    /// Creates an app.
    pub(crate) async fn create(origin: &str, name: &str) -> Self {
        let mut browser = Customer::new();
        let console = format!("{origin}/_sandbox/console");
        let page = browser.get(&console).await;
        let owner = between(&page.html, "name=\"owner\" value=\"", "\"").unwrap().to_owned();
        let form = [("name", name), ("owner", owner.as_str()), ("access", "account")];
        let path = browser.post(&console, &form).await.location.unwrap();
        let client_id = path.rsplit('/').next().unwrap().to_owned();
        let page = browser.get(&format!("{console}/{client_id}")).await;
        let secret = between(&page.html, "Secret</th><td class=\"code\">", "<").unwrap().to_owned();
        Self { origin: origin.to_owned(), client_id, client_secret: secret }
    }

    /// Sends the form of one screen.
    pub(crate) async fn send(&self, screen: &str, form: &[(&str, &str)]) {
        let url = format!("{}/_sandbox/console/{}/{screen}", self.origin, self.client_id);
        let page = Customer::new().post(&url, form).await;
        assert_eq!(page.status, 303, "{screen}: {}", page.html);
    }

    /// The authorization screen.
    pub(crate) async fn set_callback(&self, callback: &str) {
        self.send("authorization", &[("callback", callback)]).await;
    }

    /// The permissions screen: further scopes beside those that the app has.
    pub(crate) async fn add_scopes(&self, api: &str, scopes: &[String]) {
        let url = format!("{}/_sandbox/console/{}/permissions/{api}", self.origin, self.client_id);
        let page = Customer::new().get(&url).await;
        let offered = page.html.split("name=\"scope\" value=\"").skip(1);
        let mut ticked: Vec<&str> = offered
            .filter(|input| input.split('>').next().unwrap().ends_with("checked"))
            .map(|input| input.split('"').next().unwrap())
            .collect();
        ticked.extend(scopes.iter().map(String::as_str));
        self.set_scopes(api, &ticked).await;
    }

    /// The permissions screen: the scopes of one API, as its slug names it.
    pub(crate) async fn set_scopes(&self, api: &str, scopes: &[&str]) {
        let form: Vec<(&str, &str)> = scopes.iter().map(|scope| ("scope", *scope)).collect();
        self.send(&format!("permissions/{api}"), &form).await;
    }
}
