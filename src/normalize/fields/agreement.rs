//! What people agree to, in the languages of Europe. In: a label, or what a box says when it is ticked. Out:
//! whether somebody agrees by it to what becomes of their data, or to terms; whether it says no.
//!
//! Words are compared by their beginnings, as bare letters (see [`label`](super::label)).

use std::borrow::Cow;

use super::label::{fold, spelled, words};

/// Words that speak of nothing but consent and privacy.
const MATTERS: &str = "datenschutz dsgvo gdpr einwillig einverstanden privacy consent confidentialit privacidad privacidade \
    informativa samtyck samtykke suostum tietosuoj souhlas zgod instem tostem rodo rgpd lgpd zustimm privatliv personvern \
    personuppgift adatvedel kvkk soglas integritetspolic prywatnos privatnost zasebnost aporret konfidentsi confidentialit";

/// Words by which somebody agrees.
const AGREES: &str = "agree accept consent authori allow permit approv \
    stimme zustimm willige einwillig gestatte erlaub akzeptier einverstanden \
    autoris autoriz autoritz consens consen approuv acept consient consint acconsent accett aceit concord acordo acord consimt \
    akkoord tostem instem zgadzam zgod akcept godkann samtyck samtykk samthykk godkend godkjen godtar godtag enig hyvaksy suostu \
    souhlas suhlas prijima elfogad hozzajarul egyetert beleegy kabul onay riza \
    slaz suglas saglas soglas prihvac prihvat pristaj dozvol strinjam dovol glasen glasna glasiav priemam prifakam prinimaiu \
    razresh pogodzh priimaiu sumphon apodekh apodech sunain nous piekrit sutink pajtoh pranoj";

/// What somebody agrees to: terms, and what becomes of data.
const SUBJECTS: &str = "term condition polic politi data daten datos dati dades dados donne dane danych danikh dannykh danni \
    angaben informa verarbeit speicher process agb nutzungsbeding geschaftsbeding bedingung traitement tratamient trattament \
    tratament tractament cgu cgv condici conditi condizion condico aviso gegeven voorwaard verwerk przetwarz regulamin warunk \
    personup villkor uppgift behandl integritet vilkar betingels persond personop handelsb tieto kayttohd ehdot ehto kasitt \
    henkilot udaj zpracovan spracovan podmink podmien adat feltetel kezel szabalyzat datel prelucr veri kisisel kosul sozlesme \
    gizli metni podat obrad obdelav uvjet uslov pogoj pravil danni obrabot obshchi soglashen obrobk umov konfident poveritel \
    privat zasebn orous oroi prosopik dedomen epexergas aporret andme tootl tingimus datu apstrad noteikum duomen tvark salyg \
    taisykl skilmal vinnslu personuu dhena kusht";

/// Words that say no by themselves.
const NO: &str = "no non nein nee nej nei nie nem nu ne ni net ei nao nope not nicht keine kein none never hayir okhi";

/// Words that turn what stands beside them into its opposite.
const NOT: &str = "not nicht no non pas niet nie ikke inte nem nu ne ni den ei nao nao";

/// Words at the beginning of a text in which it says whether somebody agrees.
const OPENING: usize = 12;

/// How languages are written whose words this module does not tell apart: who agrees, and to what.
const ELSEWHERE: [(&[&str], &[&str]); 4] = [
    (
        &["同意", "承諾"],
        &[
            "個人情報",
            "プライバシー",
            "規約",
            "ポリシー",
            "隐私",
            "隱私",
            "条款",
            "條款",
            "协议",
            "協議",
            "个人信息",
            "個人資料",
            "政策",
        ],
    ),
    (&["동의"], &["개인정보", "약관", "방침", "이용"]),
    (&["أوافق", "موافق", "أقبل"], &["الخصوصية", "خصوصية", "البيانات", "بيانات", "الشروط", "شروط"]),
    (&["מסכים", "מסכימה", "מאשר", "מאשרת"], &["פרטיות", "תנאי", "מידע", "נתונים", "פרטים"]),
];

/// Whether the text is a sentence, or a label, by which somebody agrees to something.
#[must_use]
pub(super) fn speaks_of_consent(text: &str) -> bool {
    let elsewhere = |(agrees, subjects): &(&[&str], &[&str])| has_any(text, agrees) && has_any(text, subjects);
    if !text.is_ascii() && ELSEWHERE.iter().any(elsewhere) {
        return true;
    }
    let spelled = spelled(text);
    let words: Vec<Cow<'_, str>> = words(&spelled).map(fold).collect();
    let has = |stems: &str| words.iter().any(|word| begins(word, stems));
    words.len() >= 2 && (has(MATTERS) || has(AGREES) && has(SUBJECTS))
}

/// Whether somebody says by these words that they agree, whatever it is to.
#[must_use]
pub(super) fn agrees(text: &str) -> bool {
    let spelled = spelled(text);
    words(&spelled).any(|word| begins(&fold(word), AGREES)) || ELSEWHERE.iter().any(|(agrees, _)| has_any(text, agrees))
}

/// Whether a text says no by its first word.
#[must_use]
pub(super) fn says_no(text: &str) -> bool {
    let spelled = spelled(text);
    let first = words(&spelled).next().map(fold);
    words(&spelled).count() <= 8 && first.is_some_and(|first| NO.split_whitespace().any(|no| no == first))
}

/// Whether somebody says that they do not agree. What comes later in a long text is said of other things.
#[must_use]
pub(super) fn refuses(text: &str) -> bool {
    let spelled = spelled(text);
    let words: Vec<Cow<'_, str>> = words(&spelled).take(OPENING).map(fold).collect();
    let is = |at: Option<usize>, list: &str| {
        at.and_then(|at| words.get(at)).is_some_and(|word| list.split_whitespace().any(|one| one == word))
    };
    let is_not = |at: Option<usize>| {
        // `I don't agree`
        let short = is(at, "t") && is(at.and_then(|at| at.checked_sub(1)), "don doesn won can haven");
        is(at, NOT) || short
    };
    let negated = |(at, word): (usize, &Cow<'_, str>)| {
        begins(word, AGREES) && (is_not(at.checked_sub(1)) || is_not(Some(at + 1)))
    };
    // `Ich stimme der Speicherung nicht zu`
    let apart = words.windows(2).any(|two| two[0] == "nicht" && (two[1] == "zu" || two[1] == "ein"));
    words.iter().enumerate().any(negated) || apart && agrees(text)
}

fn begins(word: &str, stems: &str) -> bool {
    stems.split_whitespace().any(|stem| word.starts_with(stem))
}

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_consent_are_known_in_many_languages() {
        for text in [
            "Ich stimme zu, dass meine Angaben aus dem Kontaktformular zur Beantwortung meiner Anfrage erhoben und verarbeitet werden.",
            "Ich habe die Datenschutzerklärung zur Kenntnis genommen. Ich stimme zu, dass meine Angaben gespeichert werden.",
            "Ich willige in die Verarbeitung meiner Daten ein",
            "Ich gestatte die Verarbeitung meiner Daten",
            "Ich habe die AGB gelesen und akzeptiert",
            "I consent to the processing of my data",
            "Acconsento al trattamento dei dati",
            "Ho letto e autorizzo il trattamento dei dati",
            "Autorizo el tratamiento de mis datos",
            "He leído y acepto el aviso legal",
            "J'ai lu et j'accepte les CGU",
            "J'autorise le traitement de mes données",
            "Aceito os termos e condições",
            "Accepto el tractament de les meves dades",
            "Ik geef toestemming voor de verwerking van mijn gegevens",
            "Ik accepteer de algemene voorwaarden",
            "Jag godkänner integritetspolicyn",
            "Jag accepterar villkoren",
            "Jeg godtar vilkårene",
            "Jeg godkender handelsbetingelserne",
            "Ég samþykki skilmálana",
            "Hyväksyn käyttöehdot",
            "Zgadzam się na przetwarzanie moich danych osobowych",
            "Akceptuję regulamin",
            "Souhlasím se zpracováním osobních údajů",
            "Súhlasím so spracovaním osobných údajov",
            "Elfogadom az adatkezelési tájékoztatót",
            "Sunt de acord cu prelucrarea datelor",
            "Kişisel verilerimin işlenmesini kabul ediyorum",
            "Slažem se s obradom osobnih podataka",
            "Prihvaćam uvjete korištenja",
            "Strinjam se z obdelavo osebnih podatkov",
            "Сагласан сам са обрадом података",
            "Се согласувам со обработка на моите податоци",
            "Съгласен съм с обработката на личните ми данни",
            "Приемам общите условия",
            "Принимаю условия пользовательского соглашения",
            "Я погоджуюсь з обробкою персональних даних",
            "Συμφωνώ με την πολιτική απορρήτου",
            "Αποδέχομαι τους όρους χρήσης",
            "Nõustun oma andmete töötlemisega",
            "Piekrītu manu datu apstrādei",
            "Sutinku, kad mano duomenys būtų tvarkomi",
            "Pajtohem me përpunimin e të dhënave të mia",
            "個人情報の取り扱いに同意します",
            "我同意隐私政策",
            "개인정보 수집 및 이용에 동의합니다",
            "أوافق على سياسة الخصوصية",
            "אני מסכים לתנאי השימוש",
        ] {
            assert!(speaks_of_consent(text) && !refuses(text), "{text}");
        }
        for text in
            ["", "Daten", "Terms", "Stimme der Kunden", "Accepted payment methods", "Ort der Veranstaltung", "Datum"]
        {
            assert!(!speaks_of_consent(text), "{text}");
        }
    }

    #[test]
    fn who_does_not_agree_refuses() {
        for text in [
            "Nein",
            "Nein, danke",
            "No, thank you",
            "Ich stimme nicht zu",
            "Ich stimme der Verarbeitung meiner Daten nicht zu",
            "Ich bin nicht einverstanden",
            "I do not agree to the terms",
            "I don't accept the privacy policy",
            "Je n'accepte pas les conditions",
            "Non acconsento al trattamento dei dati",
            "No acepto la política de privacidad",
            "Nie zgadzam się",
            "Δεν συμφωνώ",
            "not accepted",
        ] {
            assert!(refuses(text) || says_no(text), "{text}");
        }
        let long = "I agree to the privacy policy, which tells what you do with my data; if you do not agree, call us";
        for text in [long, "Ja", "Ich stimme zu, dass meine Daten nicht an Dritte gegeben werden", "Notiert", "ναι"]
        {
            assert!(!refuses(text) && !says_no(text), "{text}");
        }
    }
}
