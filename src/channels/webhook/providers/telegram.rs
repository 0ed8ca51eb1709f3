//! Telegram (<https://core.telegram.org/bots/api#update>): updates of a bot. Each brings the secret that was
//! given with `setWebhook`.

use super::{BOT, Provider, first, other_than, said};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Telegram.
pub(super) static TELEGRAM: Provider = Provider {
    proof: || Proof::Header("x-telegram-bot-api-secret-token"),
    schema: Schema {
        arrange,
        delivery: |body| body.text_at("update_id"),
        noise,
        conversations,
        ..Schema::plain("telegram")
    },
    steps: "Ask @BotFather for a bot (/newbot), and keep the token that it gives you.\n\
        The secret of this channel may hold letters, digits, _ and - (256 at most).\n\
        curl https://api.telegram.org/botTOKEN/setWebhook -d url={url} -d secret_token=SECRET\n\
        The address needs https, on port 443, 80, 88 or 8443.",
    sample: (
        "application/json",
        r#"{"update_id":"{id}","message":{"message_id":1,"from":{"id":1,"is_bot":false,"first_name":"Erika","last_name":"Muster","language_code":"en"},"chat":{"id":1,"type":"private"},"date":1700000000,"text":"Please send me an offer, to erika@firma.example"}}"#,
    ),
    ..Provider::of_chats("telegram", "Telegram")
};

/// The updates that hold what somebody wrote to us.
const MESSAGES: [&str; 4] = ["message", "edited_message", "business_message", "edited_business_message"];

fn message(body: &Node) -> Option<&Node> {
    body.at("update_id")?;
    MESSAGES.iter().find_map(|kind| body.at(kind))
}

/// A button under a message of the bot that somebody has pressed.
fn pressed(body: &Node) -> Option<&Node> {
    body.at("update_id")?;
    body.at("callback_query").filter(|query| query.at("from.id").is_some() && query.at("data").is_some())
}

/// What stands on a pressed button; where the bot does not tell, what it means to it.
fn title(query: &Node) -> Option<String> {
    let data = query.text_at("data");
    let rows = query.at("message.reply_markup.inline_keyboard").map(Node::items).unwrap_or_default();
    let button = rows.iter().flat_map(Node::items).find(|button| button.text_at("callback_data") == data);
    button.and_then(|button| button.text_at("text")).or(data)
}

/// A command to the bot that says nothing else: `/start`, and the word of the link that was followed, or `/help`.
fn command(message: &Node) -> Option<(String, Option<String>)> {
    let text = message.text_at("text").filter(|text| text.starts_with('/'))?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words[0][1..].split('@').next().unwrap_or_default();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // A link's word holds letters, digits, `_` and `-`, and no more than 64 of them.
    let is_link =
        |word: &str| word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    match words[1..] {
        [] if is_name => Some((text, None)),
        [word] if name == "start" && is_link(word) => Some((text.clone(), Some(word.to_owned()))),
        _ => None,
    }
}

fn noise(body: &Node) -> Option<String> {
    body.at("update_id")?;
    if pressed(body).is_some() {
        return None;
    }
    let Some(message) = message(body) else {
        let kind = body.entries().iter().map(|(key, _)| key).find(|key| *key != "update_id");
        return other_than(&[], Some(kind.cloned().unwrap_or_else(|| "nothing".to_owned())));
    };
    if message.at("from.is_bot").is_some_and(Node::is_true) {
        return Some(BOT.to_owned());
    }
    let said = ["text", "caption", "contact", "location", "venue", "poll", "web_app_data"];
    let sent = ["photo", "document", "video", "voice", "audio", "animation", "sticker", "video_note"];
    let is_wish = said.iter().chain(&sent).any(|key| message.at(key).is_some());
    (!is_wish).then(|| "news of the chat, no message".to_owned())
}

/// A group is shared by many: a conversation is what one of them says there.
fn conversations(body: &Node) -> Vec<String> {
    let name = || {
        let query = pressed(body);
        // A button lies under a message of the bot; a chat of one person bears the person's number.
        let message = query.and_then(|query| query.at("message")).or_else(|| message(body));
        let writer = query.or(message)?.text_at("from.id");
        let Some(chat) = message.and_then(|message| message.text_at("chat.id")) else { return writer };
        let is_shared = message?.text_at("chat.type").is_some_and(|kind| kind.contains("group"));
        Some(if is_shared { format!("{chat}:{}", writer?) } else { chat })
    };
    name().into_iter().collect()
}

/// Who wrote or pressed.
fn sender(item: &Node) -> Vec<(String, Node)> {
    let names = ["from.first_name", "from.last_name"].map(|place| item.text_at(place));
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let entries = [
        said("name", Some(name).filter(|name| !name.is_empty())),
        said("language", item.text_at("from.language_code")),
        said("telegram user", item.text_at("from.username").map(|name| format!("@{name}"))),
    ];
    entries.into_iter().flatten().collect()
}

fn arrange(body: Node) -> Node {
    if let Some(query) = pressed(&body) {
        let (title, data) = (title(query), query.text_at("data"));
        let button = data.filter(|data| Some(data) != title.as_ref());
        let mut entries = sender(query);
        entries.extend([said("message", title), said("button", button)].into_iter().flatten());
        return Node::Map(entries);
    }
    let Some(message) = message(&body) else { return body };
    // Somebody else's card is no number of the writer.
    let (writer, card) = (message.text_at("from.id"), message.text_at("contact.user_id"));
    let own = card.is_some() && card == writer;
    let number = message
        .text_at("contact.phone_number")
        .map(|number| if number.starts_with('+') { number } else { format!("+{number}") });
    let (phone, other) = if own { (number, None) } else { (None, number) };
    let place = message
        .at("location")
        .and_then(|place| Some(format!("{}, {}", place.text_at("latitude")?, place.text_at("longitude")?)));
    let sent = ["document", "video", "voice", "audio", "animation", "video_note"];
    let file = sent.iter().find_map(|kind| {
        let file = message.at(kind)?;
        Some(first(file, &["file_name", "title"]).unwrap_or_else(|| (*kind).to_owned()))
    });
    let file = file.or_else(|| message.at("photo").map(|_| "photo".to_owned()));
    // A command is for the bot: the message is what somebody writes to us.
    let command = command(message);
    let text = first(message, &["text", "caption", "sticker.emoji", "web_app_data.data"]);
    let text = text.filter(|_| command.is_none());
    let (command, link) = command.map_or((None, None), |(command, link)| (Some(command), link));
    let further = [
        said("phone", phone),
        said("message", text),
        said("command", command),
        said("utm_source", link),
        said("contact's number", other),
        said("location", place.or_else(|| message.text_at("venue.address"))),
        said("file", file),
    ];
    let mut entries = sender(message);
    entries.extend(further.into_iter().flatten());
    Node::Map(entries)
}
