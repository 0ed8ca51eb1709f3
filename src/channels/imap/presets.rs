//! The big mail providers: what need not be set where `provider` names one.
//!
//! What stands in the settings wins over what stands here.

/// What is known of a provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preset {
    /// Its name for people.
    pub(super) title: &'static str,
    /// Its server; the port is the usual one with implicit TLS.
    pub(super) host: &'static str,
    /// Where tokens come from; `None` where programs like this one get none.
    pub(super) oauth2: Option<Endpoints>,
    /// What to do about a password.
    pub(super) password: Password,
    /// What to say when it refuses one.
    pub(super) refused_password: &'static str,
}

/// The provider whose server this is.
pub(super) fn by_host(host: &str) -> Option<&'static Preset> {
    let preset = |(_, preset): &'static (&str, Preset)| preset;
    PRESETS.iter().map(preset).find(|preset| preset.host.eq_ignore_ascii_case(host))
}

/// What a provider makes of passwords over IMAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// It takes one that was made for a single program.
    App,
    /// It takes none.
    Never,
}

/// Where a provider's tokens come from. `{tenant}` stands for the customer's organisation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoints {
    /// Issues tokens.
    pub(super) token_url: &'static str,
    /// Begins a sign-in, where mail can be read after it.
    pub(super) device_url: Option<&'static str>,
    /// What a person's token is for.
    pub(super) scope: Option<&'static str>,
    /// What a token of the program's own right is for.
    pub(super) own_scope: Option<&'static str>,
}

/// The providers.
pub(super) static PRESETS: [(&str, Preset); 4] = [
    (
        "gmail",
        Preset {
            title: "Gmail",
            host: "imap.gmail.com",
            oauth2: Some(Endpoints {
                token_url: "https://oauth2.googleapis.com/token",
                // Google's sign-in by code is not for mail.
                device_url: None,
                scope: Some("https://mail.google.com/"),
                own_scope: None,
            }),
            password: Password::App,
            refused_password: "Gmail refuses the account's own password here: switch on 2-step verification in the Google account, make an app password under Security and set that as `password`; or use `oauth2`",
        },
    ),
    (
        "microsoft365",
        Preset {
            title: "Microsoft 365",
            host: "outlook.office365.com",
            oauth2: Some(Endpoints {
                token_url: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
                device_url: Some("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode"),
                scope: Some("https://outlook.office.com/IMAP.AccessAsUser.All offline_access"),
                own_scope: Some("https://outlook.office365.com/.default"),
            }),
            password: Password::Never,
            refused_password: "Microsoft 365 takes no passwords over IMAP any more (basic authentication is off): log in with [channels.NAME.oauth2]",
        },
    ),
    (
        "yahoo",
        Preset {
            title: "Yahoo",
            host: "imap.mail.yahoo.com",
            oauth2: Some(Endpoints {
                token_url: "https://api.login.yahoo.com/oauth2/get_token",
                device_url: None,
                scope: None,
                own_scope: None,
            }),
            password: Password::App,
            refused_password: "Yahoo refuses the account's own password here: make an app password under Account security and set that as `password`",
        },
    ),
    (
        "icloud",
        Preset {
            title: "iCloud",
            host: "imap.mail.me.com",
            oauth2: None,
            password: Password::App,
            refused_password: "iCloud refuses the account's own password here: make an app-specific password in the Apple account under Sign-in and security and set that as `password`; `username` is often the part before the @ alone",
        },
    ),
];
