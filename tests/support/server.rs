//! What tests ask of a mailbox server, whichever it is.

use std::path::PathBuf;

use super::cyrus::Cyrus;
use super::dovecot::Dovecot;

/// A running mailbox server in which every user name is an account with the password `secret`.
pub(crate) trait Server: Send + Sync {
    /// The port without TLS, which also offers STARTTLS.
    fn plain(&self) -> u16;

    /// The port for TLS from the first byte.
    fn protected(&self) -> u16;

    /// The server's own certificate (for `localhost` and `127.0.0.1`), a PEM file.
    fn certificate(&self) -> PathBuf;

    /// Puts mails into a user's INBOX.
    fn put_all(&self, user: &str, mails: &[Vec<u8>]);

    /// Puts a mail into a user's INBOX.
    fn put(&self, user: &str, mail: &[u8]) {
        self.put_all(user, &[mail.to_vec()]);
    }

    /// Makes the server number a user's INBOX anew, which holds these mails.
    fn renumber(&self, user: &str, mails: &[Vec<u8>]);

    /// What stands between a folder and one inside it.
    fn separator(&self) -> char;
}

impl Server for Dovecot {
    fn plain(&self) -> u16 {
        self.plain_port()
    }

    fn protected(&self) -> u16 {
        self.port()
    }

    fn certificate(&self) -> PathBuf {
        self.ca_file()
    }

    fn put_all(&self, user: &str, mails: &[Vec<u8>]) {
        self.maildir(user);
        for mail in mails {
            self.deliver(user, mail);
        }
    }

    fn renumber(&self, user: &str, _: &[Vec<u8>]) {
        self.new_uidvalidity(user);
    }

    /// That of a Maildir.
    fn separator(&self) -> char {
        '.'
    }
}

impl Server for Cyrus {
    fn plain(&self) -> u16 {
        self.port()
    }

    fn protected(&self) -> u16 {
        self.tls_port()
    }

    fn certificate(&self) -> PathBuf {
        self.ca_file()
    }

    fn put_all(&self, user: &str, mails: &[Vec<u8>]) {
        self.deliver(user, mails);
    }

    fn renumber(&self, user: &str, mails: &[Vec<u8>]) {
        self.remove(user);
        self.deliver(user, mails);
    }

    fn separator(&self) -> char {
        '/'
    }
}
