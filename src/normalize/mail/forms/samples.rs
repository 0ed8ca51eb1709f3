//! Layouts of many form programs and languages, written after what these programs send by default.
//! Each is read as a whole mail; a body that begins with `<` is HTML.

use super::super::tests::reader;
use crate::lead::{Content, Email, Reading};
use crate::normalize::Trust;

/// What is sent: a name for it, headers beside `From`, and the body.
struct Sample {
    what: &'static str,
    from: &'static str,
    body: &'static str,
    /// Name, address, digits at the end of the number, and the message.
    expect: [&'static str; 4],
    /// Other values that must be kept.
    kept: &'static [&'static str],
}

fn read(sample: &Sample) -> Content {
    let kind = if sample.body.starts_with('<') && !sample.body.starts_with("<?") { "html" } else { "plain" };
    let mail = format!("From: {}\nContent-Type: text/{kind}; charset=utf-8\n\n{}", sample.from, sample.body);
    match super::super::read(mail.as_bytes(), &reader(), &[], Trust::Usual) {
        Reading::Lead(content) => *content,
        other => panic!("{}: {other:?}", sample.what),
    }
}

const ROBOT: &str = "Website <wordpress@shop.example>";

#[test]
fn mails_of_many_programs_name_whom_they_speak_for_and_what_they_want() {
    let mut wrong = Vec::new();
    for sample in SAMPLES {
        let content = read(sample);
        let said = serde_json::to_string(&content).unwrap();
        let phone = content.person.phones.first().map_or("", |phone| phone.as_str());
        let [name, email, digits, message] = sample.expect;
        let found = [
            ("name", content.person.name.as_deref().unwrap_or_default() == name),
            ("email", content.person.emails.first().map_or("", Email::as_str) == email),
            ("phone", if digits.is_empty() { phone.is_empty() } else { phone.ends_with(digits) }),
            ("message", message.is_empty() || content.text.as_deref() == Some(message)),
        ];
        let lost = sample.kept.iter().filter(|value| !said.contains(**value));
        let bad: Vec<&str> =
            found.iter().filter(|(_, right)| !right).map(|(what, _)| *what).chain(lost.copied()).collect();
        if !bad.is_empty() {
            wrong.push(format!("{}: {bad:?}\n{content:#?}", sample.what));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SAMPLES.len(), wrong.join("\n"));
}

const SAMPLES: &[Sample] = &[
    Sample {
        what: "Contact Form 7, German",
        from: ROBOT,
        body: "Von: Max Mustermann <max@firma.example>\nBetreff: Anfrage\n\nNachrichtentext:\nGuten Tag,\n\nwir brauchen:\nBreite: 3 m\nHöhe: 2 m\n\nViele Grüße\nMax\n\n-- \nDiese E-Mail wurde von einem Kontaktformular von Muster GmbH (https://muster.example) gesendet",
        expect: [
            "Max Mustermann",
            "max@firma.example",
            "",
            "Guten Tag,\n\nwir brauchen:\nBreite: 3 m\nHöhe: 2 m\n\nViele Grüße\nMax",
        ],
        kept: &["Anfrage"],
    },
    Sample {
        what: "WPForms",
        from: ROBOT,
        body: "<html><body><table><tr><td><table><tbody><tr><td style=\"font-weight:bold\"><strong>Name</strong></td></tr><tr><td>Mia Muster</td></tr><tr><td><strong>E-Mail</strong></td></tr><tr><td><a href=\"mailto:mia@firma.example\">mia@firma.example</a></td></tr><tr><td><strong>Wunschprodukt</strong></td></tr><tr><td>Schrank</td></tr><tr><td><strong>Telefon</strong></td></tr><tr><td>030 1234567</td></tr><tr><td><strong>Kommentar oder Nachricht</strong></td></tr><tr><td>Bitte ein Angebot.<br/><br/>Danke</td></tr></tbody></table></td></tr></table><p>Gesendet von <a href=\"https://shop.example\">Shop</a></p></body></html>",
        expect: ["Mia Muster", "mia@firma.example", "301234567", ""],
        kept: &["Wunschprodukt", "Schrank", "Bitte ein Angebot."],
    },
    Sample {
        what: "Gravity Forms",
        from: ROBOT,
        body: "<html><body><table width=\"99%\"><tr><td><table><tr bgcolor=\"#EAF2FA\"><td colspan=\"2\"><font><strong>Name</strong></font></td></tr><tr bgcolor=\"#FFFFFF\"><td width=\"20\">&nbsp;</td><td><font>Max Muster</font></td></tr><tr><td colspan=\"2\"><strong>Email Address</strong></td></tr><tr><td>&nbsp;</td><td>max@firma.example</td></tr><tr><td colspan=\"2\"><strong>How did you hear about us?</strong></td></tr><tr><td>&nbsp;</td><td>A friend</td></tr><tr><td colspan=\"2\"><strong>Phone</strong></td></tr><tr><td>&nbsp;</td><td>+49 30 1234567</td></tr><tr><td colspan=\"2\"><strong>Message</strong></td></tr><tr><td>&nbsp;</td><td>Two rooms, please.</td></tr></table></td></tr></table></body></html>",
        expect: ["Max Muster", "max@firma.example", "301234567", "Two rooms, please."],
        kept: &["How did you hear about us?", "A friend"],
    },
    Sample {
        what: "Ninja Forms",
        from: ROBOT,
        body: "<table><tbody><tr><td>Name:</td><td>Max Muster</td></tr><tr><td>Email:</td><td>max@firma.example</td></tr><tr><td>Message:</td><td>Hello<br>there</td></tr></tbody></table>",
        expect: ["Max Muster", "max@firma.example", "", "Hello\nthere"],
        kept: &[],
    },
    Sample {
        what: "Elementor, Spanish",
        from: ROBOT,
        body: "Nombre: José García\nCorreo electrónico: jose@empresa.example\nTeléfono: +34 612 345 678\nMensaje: Quiero información\nsobre los precios.\n\nNota: urgente\n\n---\n\nFecha: 3 de mayo de 2026\nHora: 10:12\nURL de la página: https://www.tienda.example/contacto/?utm_source=google\nAgente de usuario: Mozilla/5.0 (X11)\nIP remota: 203.0.113.4\nFunciona con: Elementor",
        expect: [
            "José García",
            "jose@empresa.example",
            "+34612345678",
            "Quiero información\nsobre los precios.\n\nNota: urgente",
        ],
        kept: &["Mozilla", "203.0.113.4"],
    },
    Sample {
        what: "Jotform",
        from: "Jotform <noreply@jotform.example>",
        body: "<table><tr><td>Question</td><td>Answer</td></tr><tr><td>Full Name</td><td>Max Muster</td></tr><tr><td>E-mail</td><td><a href='mailto:max@firma.example'>max@firma.example</a></td></tr><tr><td>Phone Number</td><td>(030) 123-4567</td></tr><tr><td>Appointment</td><td>Friday, June 5, 2026 10:00</td></tr></table><p>You can edit this submission and view all your submissions easily.</p>",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &["Appointment", "Friday"],
    },
    Sample {
        what: "Squarespace",
        from: "Squarespace <form-submission@squarespace.example>",
        body: "Sent via form submission from Muster Vineyard\n\nName: Max Muster\n\nEmail: max@firma.example\n\nPhone: (030) 1234567\n\nNumber of Guests: 4\n\nMessage: We come on Friday.\nIs that fine?\n\n\nDoes this submission look like spam? Report it here.",
        expect: ["Max Muster", "max@firma.example", "301234567", "We come on Friday.\nIs that fine?"],
        kept: &["Number of Guests"],
    },
    Sample {
        what: "Wix",
        from: "Muster <notifications@wix.example>",
        body: "Max just submitted your form: Contact\non Muster Shop\n\nMessage Details:\n\nFirst name: Max\nLast name: Muster\nEmail: max@firma.example\nPhone: +49 30 1234567\nWrite a message: What does it cost?\n\nIf you think this submission is spam, report it as spam.\nTo edit your email settings, go to your Inbox on desktop.",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &["What does it cost?"],
    },
    Sample {
        what: "HubSpot",
        from: "HubSpot <noreply@notifications.hubspot.example>",
        body: "New submission on HubSpot Form \"Contact us\"\n\nPage submitted on: Contact (https://www.shop.example/contact?utm_campaign=spring)\n\nFirst Name:\nMax\n\nLast Name:\nMuster\n\nEmail:\nmax@firma.example\n\nPhone Number:\n+49 30 1234567\n\nHow can we help you?:\nA demo on Monday",
        expect: ["Max Muster", "max@firma.example", "301234567", "A demo on Monday"],
        kept: &["https://www.shop.example/contact"],
    },
    Sample {
        what: "Formspree",
        from: "Formspree <noreply@formspree.example>",
        body: "Hey there,\n\nSomeone just submitted your form on https://shop.example/. Here's what they had to say:\n\nname:\nMax Muster\n\n_replyto:\nmax@firma.example\n\nmessage:\nFirst line\n\nSecond paragraph\n\nThis form was submitted at 10:12 AM UTC - 5 May 2026.\nYou are receiving this because you confirmed this email address on Formspree.",
        expect: ["Max Muster", "max@firma.example", "", "First line\n\nSecond paragraph"],
        kept: &[],
    },
    Sample {
        what: "Shopify",
        from: "Shop <mailer@shopify.example>",
        body: "You received a new message from your online store's contact form.\n\nCountry Code:\nDE\n\nName:\nMax Muster\n\nEmail:\nmax@firma.example\n\nPhone:\n030 1234567\n\nBody:\nIs the blue one in stock?",
        expect: ["Max Muster", "max@firma.example", "301234567", "Is the blue one in stock?"],
        kept: &["DE"],
    },
    Sample {
        what: "Webflow",
        from: "Webflow Forms <no-reply-forms@webflow.example>",
        body: "You just got a form submission!\n\nForm: Contact Form\nSite: Muster Studio\n\nSubmitted content\n\nName: Max Muster\nEmail: max@firma.example\nMessage: Hello\n\nManage form submissions\nUnsubscribe from these notifications",
        expect: ["Max Muster", "max@firma.example", "", "Hello"],
        kept: &["Contact Form"],
    },
    Sample {
        what: "Fluent Forms",
        from: ROBOT,
        body: "<table><tbody><tr><th style=\"text-align:left\"><strong>Prénom</strong></th></tr><tr><td>Marie</td></tr><tr><th><strong>Nom</strong></th></tr><tr><td>Dupont</td></tr><tr><th><strong>Adresse e-mail</strong></th></tr><tr><td>marie@societe.example</td></tr><tr><th><strong>Votre budget</strong></th></tr><tr><td>5000 €</td></tr><tr><th><strong>Votre message</strong></th></tr><tr><td>Bonjour</td></tr></tbody></table>",
        expect: ["Marie Dupont", "marie@societe.example", "", "Bonjour"],
        kept: &["Votre budget", "5000"],
    },
    Sample {
        what: "Jetpack",
        from: ROBOT,
        body: "Name: Max Muster\nEmail: max@firma.example\nWebsite: https://firma.example\nComment: Nice site.\nCall me.\n\nTime: May 5, 2026 at 10:12 am\nIP Address: 203.0.113.4\nContact Form URL: https://shop.example/contact/\nSent by an unverified visitor to your site.",
        expect: ["Max Muster", "max@firma.example", "", "Nice site.\nCall me."],
        kept: &["https://shop.example/contact/", "203.0.113.4"],
    },
    Sample {
        what: "Typeform",
        from: "Typeform <notifications@followups.typeform.example>",
        body: "Your typeform Anfrage has a new response:\n\nWhat's your name?\nMax Muster\n\nWhat's your email address?\nmax@firma.example\n\nWhat's your phone number?\n+4930 1234567\n\nWhich size do you need?\nLarge\n\nLog in to view or download your responses at https://typeform.example",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &["Large"],
    },
    Sample {
        what: "a list with bold labels",
        from: ROBOT,
        body: "<p>Neue Anfrage</p><ul><li><b>Name</b> Max Muster</li><li><b>Firma</b> Muster GmbH</li><li><b>E-Mail</b> max@firma.example</li><li><b>Tel.</b> 030/1234567</li><li><b>Nachricht</b> Bitte um Rückruf</li></ul>",
        expect: ["Max Muster", "max@firma.example", "301234567", "Bitte um Rückruf"],
        kept: &["Muster GmbH"],
    },
    Sample {
        what: "a list of terms",
        from: ROBOT,
        body: "<dl><dt>Name</dt><dd>Max Muster</dd><dt>E-Mail</dt><dd>max@firma.example</dd><dt>Objekt</dt><dd>Haus 7</dd><dt>Nachricht</dt><dd>Hallo</dd></dl>",
        expect: ["Max Muster", "max@firma.example", "", "Hallo"],
        kept: &["Objekt", "Haus 7"],
    },
    Sample {
        what: "equals signs",
        from: ROBOT,
        body: "name = Max Muster\nemail = max@firma.example\nphone = 030 1234567\nfarbe = blau\nmessage = Hallo",
        expect: ["Max Muster", "max@firma.example", "301234567", "Hallo"],
        kept: &["farbe", "blau"],
    },
    Sample {
        what: "dashes",
        from: ROBOT,
        body: "Name - Max Muster-Meier\nE-Mail - max@firma.example\nTelefon - 030 1234567\nNachricht - Hallo - bitte anrufen",
        expect: ["Max Muster-Meier", "max@firma.example", "301234567", "Hallo - bitte anrufen"],
        kept: &[],
    },
    Sample {
        what: "one line",
        from: ROBOT,
        body: "Name: Max Muster | E-Mail: max@firma.example | Telefon: 030 1234567 | Produkt: Tisch | Nachricht: Hallo, bitte anrufen",
        expect: ["Max Muster", "max@firma.example", "301234567", "Hallo, bitte anrufen"],
        kept: &["Tisch"],
    },
    Sample {
        what: "one line without anything between",
        from: ROBOT,
        body: "Name: Max Muster E-Mail: max@firma.example Telefon: 030 1234567 Nachricht: Hallo dort",
        expect: ["Max Muster", "max@firma.example", "301234567", "Hallo dort"],
        kept: &[],
    },
    Sample {
        what: "names over values",
        from: ROBOT,
        body: "<table><tr><th>Name</th><th>E-Mail</th><th>Telefon</th></tr><tr><td>Max Muster</td><td>max@firma.example</td><td>030 1234567</td></tr></table>",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &[],
    },
    Sample {
        what: "columns of blanks",
        from: ROBOT,
        body: "Name          Max Muster\nE-Mail        max@firma.example\nTelefon       030 1234567\nFarbe         rot",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &["rot"],
    },
    Sample {
        what: "Swedish",
        from: ROBOT,
        body: "För- och efternamn: Anna Svensson\nE-postadress: anna@foretag.example\nTelefonnummer: +46 8 123 456 78\nFöretag: Svensson AB\nMeddelande:\nHej!\n\nVi vill veta mer.\n\nDet här e-postmeddelandet skickades från ett kontaktformulär på Butik (https://butik.example)",
        expect: ["Anna Svensson", "anna@foretag.example", "812345678", "Hej!\n\nVi vill veta mer."],
        kept: &["Svensson AB"],
    },
    Sample {
        what: "Danish",
        from: ROBOT,
        body: "Navn: Lars Jensen\nE-mail: lars@firma.example\nTlf.: +45 32 12 34 56\nVirksomhed: Jensen ApS\nBesked: Ring til mig",
        expect: ["Lars Jensen", "lars@firma.example", "32123456", "Ring til mig"],
        kept: &["Jensen ApS"],
    },
    Sample {
        what: "Norwegian",
        from: ROBOT,
        body: "Fornavn: Kari\nEtternavn: Nordmann\nE-post: kari@bedrift.example\nMobilnummer: +47 406 12 345\nMelding: Hei",
        expect: ["Kari Nordmann", "kari@bedrift.example", "40612345", "Hei"],
        kept: &[],
    },
    Sample {
        what: "Finnish",
        from: ROBOT,
        body: "Nimi: Matti Meikäläinen\nSähköposti: matti@yritys.example\nPuhelin: +358 40 1234567\nYritys: Yritys Oy\nViesti: Terve\n\nTämä sähköposti on lähetetty yhteydenottolomakkeella sivustolta Kauppa",
        expect: ["Matti Meikäläinen", "matti@yritys.example", "401234567", "Terve"],
        kept: &["Yritys Oy"],
    },
    Sample {
        what: "Czech",
        from: ROBOT,
        body: "Jméno a příjmení: Jan Novák\nE-mail: jan@firma.example\nTelefon: +420 601 123 456\nSpolečnost: Novák s.r.o.\nZpráva: Dobrý den",
        expect: ["Jan Novák", "jan@firma.example", "601123456", "Dobrý den"],
        kept: &["Novák s.r.o."],
    },
    Sample {
        what: "Polish",
        from: ROBOT,
        body: "Imię i nazwisko: Anna Kowalska\nAdres e-mail: anna@firma.example\nNumer telefonu: +48 22 123 45 67\nTreść wiadomości:\nDzień dobry\n\nTa wiadomość została wysłana przez formularz kontaktowy na stronie Sklep",
        expect: ["Anna Kowalska", "anna@firma.example", "221234567", "Dzień dobry"],
        kept: &[],
    },
    Sample {
        what: "Italian",
        from: ROBOT,
        body: "Nome: Mario\nCognome: Rossi\nIndirizzo email: mario@azienda.example\nNumero di telefono: +39 06 1234 5678\nMessaggio: Vorrei un preventivo",
        expect: ["Mario Rossi", "mario@azienda.example", "612345678", "Vorrei un preventivo"],
        kept: &[],
    },
    Sample {
        what: "Dutch",
        from: ROBOT,
        body: "Voornaam: Jan\nAchternaam: de Vries\nE-mailadres: jan@bedrijf.example\nTelefoonnummer: +31 20 123 4567\nBedrijfsnaam: De Vries BV\nUw bericht: Graag een offerte",
        expect: ["Jan de Vries", "jan@bedrijf.example", "201234567", "Graag een offerte"],
        kept: &["De Vries BV"],
    },
    Sample {
        what: "Portuguese, with a number of the address's country",
        from: ROBOT,
        body: "Nome completo: João Silva\nE-mail: joao@empresa.com.br\nCelular: (11) 99203-0016\nInteresse: Apartamento\nMensagem: Gostaria de visitar",
        expect: ["João Silva", "joao@empresa.com.br", "11992030016", "Gostaria de visitar"],
        kept: &["Apartamento"],
    },
    Sample {
        what: "Hungarian",
        from: ROBOT,
        body: "Név: Nagy Anna\nE-mail cím: anna@ceg.example\nTelefonszám: +36 1 234 5678\nÜzenet: Jó napot",
        expect: ["Nagy Anna", "anna@ceg.example", "12345678", "Jó napot"],
        kept: &[],
    },
    Sample {
        what: "ADF",
        from: "Leads <leads@autos.example>",
        body: "<?xml version=\"1.0\"?>\n<?adf version=\"1.0\"?>\n<adf><prospect status=\"new\"><requestdate>2026-05-05T10:12:00+02:00</requestdate><vehicle interest=\"buy\" status=\"used\"><year>2022</year><make>Opel</make><model>Corsa</model></vehicle><customer><contact primarycontact=\"1\"><name part=\"first\">Max</name><name part=\"last\">Muster</name><email>max@firma.example</email><phone type=\"voice\">+49 30 1234567</phone></contact><comments><![CDATA[Is it <still> there?]]></comments></customer><vendor><vendorname>Autohaus</vendorname><contact><name part=\"full\">Sales</name><email>sales@dealer.example</email><phone>+49 30 7654321</phone></contact></vendor><provider><name part=\"full\">Autos &amp; Co</name><email>info@autos.example</email></provider></prospect></adf>",
        expect: ["Max Muster", "max@firma.example", "301234567", "Is it <still> there?"],
        kept: &["Opel", "Corsa", "2022", "Autos & Co"],
    },
    Sample {
        what: "a portal from a desk's address",
        from: "Wohnportal <anfragen@wohnportal.example>\nSubject: Neue Anfrage zu Ihrem Objekt",
        body: "Guten Tag,\n\nSie haben eine neue Anfrage zu Ihrem Inserat erhalten.\nObjekt: 3-Zimmer-Wohnung (Nr. 4711)\n\nKontaktdaten\nName: Max Muster\nE-Mail: max@firma.example\nTelefon: 030 1234567\n\nNachricht:\nIst die Wohnung noch frei?\n\nIhr Team vom Wohnportal",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &["3-Zimmer-Wohnung", "Ist die Wohnung noch frei?"],
    },
    Sample {
        what: "a house builder's form in German",
        from: ROBOT,
        body: "Sie haben eine Nachricht über Ihr Kontaktformular erhalten.\n\nAnrede: Frau\nVorname: Mia\nNachname: Muster\nStraße: Weg 1\nPLZ/Ort: 12345 Berlin\nE-Mail-Adresse: mia@firma.example\nTelefon:\nIhre Nachricht: Bitte senden Sie mir\nIhren Katalog.\n\nJa, ich habe die Datenschutzerklärung gelesen: ja",
        expect: ["Mia Muster", "mia@firma.example", "", ""],
        kept: &["Weg 1", "12345 Berlin", "Bitte senden Sie mir\\nIhren Katalog."],
    },
    Sample {
        what: "bold labels with colons, and a plain version run together",
        from: ROBOT,
        body: "<p>Neue Nachricht über die Webseite</p><p><strong>Name:</strong> Max Muster<br><strong>E-Mail:</strong> <a href=\"mailto:max@firma.example\">max@firma.example</a><br><strong>Telefon:</strong> +49 (0)30 1234567</p><p><strong>Nachricht:</strong><br>Guten Tag,<br><br>bitte rufen Sie an.</p><hr><p>Diese Nachricht wurde über das Kontaktformular Ihrer Webseite gesendet.</p>",
        expect: ["Max Muster", "max@firma.example", "301234567", "Guten Tag,\n\nbitte rufen Sie an."],
        kept: &[],
    },
    Sample {
        what: "two columns with CSS",
        from: ROBOT,
        body: "<div><div style=\"font-weight: 600\">Your name</div><div>Max Muster</div><div style=\"font-weight: 600\">Your email</div><div>max@firma.example</div><div style=\"font-weight: 600\">Budget</div><div>5,000 EUR</div><div style=\"font-weight: 600\">Your message</div><div>Hello<br>there</div></div>",
        expect: ["Max Muster", "max@firma.example", "", "Hello\nthere"],
        kept: &["Budget", "5,000 EUR"],
    },
    Sample {
        what: "four columns",
        from: ROBOT,
        body: "<table><tr><td>Vorname</td><td>Max</td><td>Nachname</td><td>Muster</td></tr><tr><td>E-Mail</td><td>max@firma.example</td><td>Telefon</td><td>030 1234567</td></tr></table>",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &[],
    },
    Sample {
        what: "a table of Markdown",
        from: ROBOT,
        body: "| Field | Value |\n|---|---|\n| Name | Max Muster |\n| Email | max@firma.example |\n| Phone | 030 1234567 |",
        expect: ["Max Muster", "max@firma.example", "301234567", ""],
        kept: &[],
    },
    Sample {
        what: "bullets, numbers and pictures",
        from: ROBOT,
        body: "1. Name: Max Muster\n2. 📧 E-Mail: max@firma.example\n• 📞 Telefon: 030 1234567\n- Nachricht: Hallo",
        expect: ["Max Muster", "max@firma.example", "301234567", "Hallo"],
        kept: &[],
    },
    Sample {
        what: "a line drawn by the writer",
        from: ROBOT,
        body: "Name: Max Muster\nE-Mail: max@firma.example\nNachricht:\nErster Teil\n---\nZweiter Teil des Textes\n\n---\nDatum: 5. Mai 2026",
        expect: ["Max Muster", "max@firma.example", "", "Erster Teil\n---\nZweiter Teil des Textes"],
        kept: &["5. Mai 2026"],
    },
    Sample {
        what: "Contact Form 7, French",
        from: ROBOT,
        body: "De : Marie Dupont marie@societe.example\nObjet : Demande\n\nCorps du message :\nBonjour,\n\nje souhaite un devis.\n\n--\nCet e-mail a été envoyé via le formulaire de contact de Boutique (https://boutique.example)",
        expect: ["Marie Dupont", "marie@societe.example", "", "Bonjour,\n\nje souhaite un devis."],
        kept: &["Demande"],
    },
    Sample {
        what: "Russian",
        from: ROBOT,
        body: "Имя: Иван Петров\nТелефон: +7 495 123-45-67\nE-mail: ivan@firma.example\nСообщение: Добрый день",
        expect: ["Иван Петров", "ivan@firma.example", "4951234567", "Добрый день"],
        kept: &[],
    },
    Sample {
        what: "Greek",
        from: ROBOT,
        body: "Ονοματεπώνυμο: Νίκος Παππάς\nEmail: nikos@etaireia.example\nΤηλέφωνο: +30 21 0123 4567\nΜήνυμα: Καλημέρα",
        expect: ["Νίκος Παππάς", "nikos@etaireia.example", "2101234567", "Καλημέρα"],
        kept: &[],
    },
    Sample {
        what: "Turkish and Romanian words",
        from: ROBOT,
        body: "Ad Soyad: Ayşe Yılmaz\nE-posta: ayse@sirket.example\nTelefon: +90 212 123 45 67\nMesaj: Merhaba",
        expect: ["Ayşe Yılmaz", "ayse@sirket.example", "2121234567", "Merhaba"],
        kept: &[],
    },
    Sample {
        what: "a portal in Spanish that names the person in Reply-To",
        from: "Pisos <avisos@pisos.example>\nReply-To: Ana García <ana@correo.example>\nSubject: Nuevo contacto para tu anuncio",
        body: "Hola,\n\nAna García quiere información sobre tu anuncio ref. 4711.\n\nDatos de contacto:\nNombre: Ana García\nEmail: ana@correo.example\nTeléfono: 612 345 678\n\nComentarios: ¿Está disponible?\n\nUn saludo,\nPisos",
        expect: ["Ana García", "ana@correo.example", "612345678", ""],
        kept: &["4711", "¿Está disponible?"],
    },
    Sample {
        what: "consent and empty fields",
        from: ROBOT,
        body: "Name: Max Muster\nFirma: -\nE-Mail: max@firma.example\nTelefon: keine Angabe\nNewsletter: nein\nIch stimme der Datenschutzerklärung zu: Ja\nNachricht: Hallo",
        expect: ["Max Muster", "max@firma.example", "", "Hallo"],
        kept: &["Datenschutzerklärung", "Newsletter"],
    },
    Sample {
        what: "passed on by a colleague",
        from: "Anna <anna@example.com>\nSubject: WG: Kontaktformular",
        body: "Machst du das?\n\nVon: WordPress <wordpress@shop.example>\nGesendet: Montag, 23. November 2026 09:12\nAn: info@example.com\nBetreff: Kontaktformular\n\nName: Max Muster\nE-Mail: max@firma.example\nTelefon: 030 1234567\nNachricht: Bitte ein Angebot",
        expect: ["Max Muster", "max@firma.example", "301234567", "Bitte ein Angebot"],
        kept: &["Machst du das?"],
    },
    Sample {
        what: "label over value with blank lines and unknown labels",
        from: ROBOT,
        body: "Vorname\nMax\n\nNachname\nMuster\n\nE-Mail-Adresse\nmax@firma.example\n\nGewünschtes Modell\nTyp 7\n\nTelefonnummer\n030 1234567\n\nIhre Nachricht\nBitte um Rückruf.\n\nDanke!",
        expect: ["Max Muster", "max@firma.example", "301234567", "Bitte um Rückruf.\n\nDanke!"],
        kept: &["Gewünschtes Modell", "Typ 7"],
    },
    Sample {
        what: "a form below the label of the body",
        from: ROBOT,
        body: "De: Ana Souza <ana@empresa.example>\nAssunto: Orçamento\n\nCorpo da mensagem:\nNome: Ana Souza\nEmail: ana@empresa.example\nProduto: Mesa\nMensagem: Quanto custa?",
        expect: ["Ana Souza", "ana@empresa.example", "", "Quanto custa?"],
        kept: &["Mesa"],
    },
];
