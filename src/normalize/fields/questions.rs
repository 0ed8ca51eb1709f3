//! What forms ask in whole sentences, in the languages of Europe; a sentence a line, compared like other
//! labels.

use super::label::Certainty::{self, Named, Usual};
use super::label::Slot;

/// Sentences of each field, between bars.
pub(super) const QUESTIONS: &[(Slot, Certainty, &str)] = &[
    (
        Slot::Email,
        Named,
        "what's the best email to reach you|which email should we use|how can we reach you by email|where can we write to you|\
         an welche e-mail-adresse sollen wir antworten|wie lautet ihre e-mail-adresse|unter welcher e-mail-adresse erreichen wir sie|\
         quelle est votre adresse e-mail|quel est votre e-mail|¿cuál es tu correo electrónico|¿cuál es su correo electrónico|\
         qual è la tua email|qual è il tuo indirizzo email|wat is je e-mailadres|wat is uw e-mailadres|jaki jest twój adres e-mail|\
         qual é o seu e-mail|vad är din e-postadress|hvad er din e-mail",
    ),
    (
        Slot::Phone,
        Named,
        "durchwahl|best number to call|best number to reach you|best number to reach you at|what is the best number to reach you at|what's the best number to reach you|which number can we call|\
         unter welcher nummer erreichen wir sie|unter welcher nummer erreichen wir dich|wie lautet ihre telefonnummer|\
         à quel numéro peut-on vous joindre|à quel numéro pouvons-nous vous joindre|quel est votre numéro de téléphone|\
         ¿cuál es tu número de teléfono|¿cuál es tu teléfono|qual è il tuo numero di telefono|wat is je telefoonnummer|\
         wat is uw telefoonnummer|jaki jest twój numer telefonu|qual é o seu telefone|vad är ditt telefonnummer",
    ),
    (
        Slot::Name,
        Named,
        "name (first & last)|first & last name|first and last name|may we have your name|who are you|how should we call you|\
         what should we call you|wie dürfen wir sie ansprechen|mit wem haben wir das vergnügen|mit wem sprechen wir|\
         comment vous appelez-vous|comment t'appelles-tu|quel est votre nom|¿cómo te llamas|¿cómo se llama|¿cuál es tu nombre|\
         ¿cuál es su nombre|come ti chiami|come si chiama|qual è il tuo nome|hoe heet je|hoe heet u|wat is je naam|wat is uw naam|\
         jak się nazywasz|jak masz na imię|jak się pan nazywa|qual é o seu nome|como você se chama|como se chama|vad heter du|\
         hvad hedder du|hva heter du|mikä on nimesi|jak se jmenujete|hogy hívnak|cum te numești|numele complet|adınız soyadınız|\
         adiniz ve soyadiniz|adınız|ваше имя|как вас зовут|πώς σας λένε|kako se zovete",
    ),
    (
        Slot::GivenName,
        Named,
        "quel est votre prénom|wat is je voornaam|¿cuál es tu nombre de pila|name.given|name.vorname|name.forename",
    ),
    (
        Slot::FamilyName,
        Named,
        "quel est votre nom de famille|wat is je achternaam|¿cuáles son tus apellidos|name.family|name.nachname|apellido1|apellido 1|\
         apellido paterno|ваша фамилия",
    ),
    (
        Slot::Company,
        Named,
        "which company do you work for|what company do you work for|where do you work|what company are you with|\
         which company are you with|what's the name of your company|what is your company called|what is your company's name|\
         für welches unternehmen arbeiten sie|in welchem unternehmen arbeiten sie|bei welchem unternehmen arbeiten sie|\
         für welche firma arbeiten sie|wie heißt ihr unternehmen|wie heißt ihre firma|wie heißt dein unternehmen|\
         firma / institution|firma / organisation|firma / verein|firma (opcjonalnie)|company / organization|company (if applicable)|\
         dans quelle entreprise travaillez-vous|pour quelle entreprise travaillez-vous|quel est le nom de votre entreprise|\
         ¿en qué empresa trabajas|¿cómo se llama tu empresa|in quale azienda lavori|come si chiama la tua azienda|\
         bij welk bedrijf werk je|bij welk bedrijf werkt u|voor welk bedrijf werkt u|название компании|название организации|em que empresa trabalha",
    ),
    (
        Slot::JobTitle,
        Named,
        "jobtitel|what's your role there|what's your role|what is your role|what is your job title|what do you do there|\
         was ist ihre position|was ist ihre funktion|welche position haben sie|quel est votre poste|quelle est votre fonction|\
         ¿cuál es tu cargo|qual è il tuo ruolo|wat is je functie|qual é o seu cargo",
    ),
    (
        Slot::Website,
        Named,
        "hemsida|hjemmeside|hjemmesiden|verkkosivusto|verkkosivut|webové stránky|webstránka|weboldal|honlap|site-ul|веб-сайт|сайт|ιστοσελίδα|\
         web stranica|spletna stran|what's your website|what is the url of your website|wie lautet ihre website",
    ),
    (
        Slot::Subject,
        Named,
        "thema ihrer anfrage|thema der anfrage|thema der nachricht|betreff der anfrage|betreff ihrer anfrage|betreff ihrer nachricht|\
         subject of your enquiry|subject of your inquiry|subject of your message|subject of enquiry|objet de votre demande|\
         objet de la demande|asunto del mensaje|oggetto della richiesta|onderwerp van uw vraag",
    ),
    (
        Slot::Message,
        Usual,
        "textarea|text area|comment or message|comments or message|message or comment|enquiry message|\
         how can we help you today|what can we help with|what can we help you with|what do you need help with|what do you need|\
         what can we do for you today|what would you like to discuss|what would you like to know|what would you like to tell us|\
         what is your message|what is your enquiry about|what is your question|what are you looking for|anything else|\
         anything else we should know|is there anything else you'd like to tell us|anything you want to add|\
         tell us a bit about what you need|tell us about what you need|tell us what you need|tell us about your needs|\
         tell us about yourself|tell us about your company|tell us about the project|describe your project|describe your request|\
         please describe your request|please describe your project|describe what you need|write your message|leave a message|\
         worum geht es|worum geht's|womit können wir helfen|womit können wir dir helfen|wie dürfen wir ihnen helfen|\
         was können wir für dich tun|was wünschen sie|was wünschen sie sich|was wünschst du dir|was brauchen sie|was suchen sie|\
         was möchten sie wissen|was möchten sie uns sagen|was möchtest du uns sagen|möchten sie uns noch etwas mitteilen|\
         möchten sie uns noch etwas sagen|erzählen sie uns mehr|erzählen sie uns von ihrem projekt|erzähl uns von deinem projekt|\
         erzähl uns mehr|beschreiben sie ihr projekt|beschreiben sie ihr anliegen|beschreiben sie ihr vorhaben|beschreibe dein projekt|\
         ihr projekt|ihr vorhaben|worum geht es bei ihrem projekt|haben sie fragen|gibt es noch etwas|schreiben sie uns|\
         comment pouvons-nous vous aider|comment pouvons nous vous aider|comment peut-on vous aider|que pouvons-nous faire pour vous|\
         parlez-nous de votre projet|parlez nous de votre besoin|décrivez votre projet|décrivez votre besoin|décrivez votre demande|\
         votre besoin|quel est votre projet|quel est votre besoin|message (facultatif)|\
         ¿en qué podemos ayudarte|¿en qué podemos ayudarle|¿cómo podemos ayudarte|¿cómo podemos ayudarle|cuéntanos tu proyecto|\
         cuéntanos sobre tu proyecto|cuéntenos su proyecto|cuéntanos más|describe tu proyecto|¿qué necesitas|\
         come possiamo aiutarti|come possiamo aiutarla|raccontaci il tuo progetto|descrivi il tuo progetto|parlaci del tuo progetto|\
         di cosa hai bisogno|hoe kunnen we u helpen|hoe kunnen we je helpen|hoe kunnen wij u helpen|waarmee kunnen we je helpen|\
         waarmee kunnen we u helpen|waarmee kunnen wij u helpen|vertel ons over je project|vertel ons meer|waar gaat het over|\
         w czym możemy pomóc|w czym możemy ci pomóc|jak możemy pomóc|opisz swój projekt|opowiedz nam o projekcie|\
         como podemos ajudar|como podemos ajudá-lo|conte-nos sobre o seu projeto|descreva o seu projeto|\
         hur kan vi hjälpa dig|hur kan vi hjälpa till|vad gäller ditt ärende|berätta om ditt projekt|beskriv ditt projekt|\
         hvordan kan vi hjælpe dig|hvordan kan vi hjelpe deg|hvordan kan vi hjælpe|fortæl os om dit projekt|hva gjelder det|\
         miten voimme auttaa|kuinka voimme auttaa|jak vám můžeme pomoci|s čím vám můžeme pomoci|miben segíthetünk|\
         cu ce vă putem ajuta|size nasıl yardımcı olabiliriz|чем мы можем помочь|как мы можем помочь|ваш вопрос|πώς μπορούμε να βοηθήσουμε|\
         kako vam možemo pomoći",
    ),
    (
        Slot::Consent,
        Named,
        "akkoord|terms n condition|terms and conditions|terms of service|terms of use|i agree|i accept|ich stimme zu|einverstanden|\
         j'accepte|acepto|accetto|aceito|souhlas|souhlasím|samtykke|samtycke|suostumus|zgadzam się|согласие|opt-in consent",
    ),
    (
        Slot::Page,
        Named,
        "location.href|window.location|window location href|document.location|origin url|page.href|url.href",
    ),
    (Slot::Referrer, Named, "document.referrer|document referer|previous page|previous page url|previous url"),
];
