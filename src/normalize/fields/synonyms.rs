//! What canonical fields are called in the languages of Europe: no blank space within a name.
//! Names are compared as bare ASCII letters.

use super::label::Certainty::{self, Named, Usual};
use super::label::Slot;

/// Names of each field; `Usual` ones are taken only where no `Named` one is there.
pub(super) const SYNONYMS: &[(Slot, Certainty, &str)] = &[
    (
        Slot::Email,
        Named,
        "البريدالإلكتروني بريدإلكتروني الإيميل אימייל דואל דוארלאקטרוני メールアドレス eメール メール ご連絡先メールアドレス 邮箱 邮箱地址 电子邮件 电子邮箱 郵箱 電子郵件 電子信箱 信箱 이메일 이메일주소 메일주소 correu correuelectronic adrecaelectronica adrecadecorreu
        netfang tolvupostfang tolvupostur електроннапошта емеил епошта електронскапошта adresaemail
        epost epostadress epostadresse eposti epostiosoite epostadressen mailadresse sahkoposti sahkopostiosoite emailova emailovaadresa emailadresa
        emailcim emailadresa adresaemail adresadeemail eposta epostaadresi elpastas epasts epastas epostaaadress elnaslov epostninaslov emailpersonnel
        emailsender senderemail senderemailaddress senderemailid absenderemail absendermail mailabsender emailabsender emaildesabsenders emaildelexpediteur emailremitente
        correodecontacto emailclient emailklient emailcontact correodelremitente emailresponsable почта электроннаяпочта эпочта имейл адресэлектроннойпочты ηλεκτρονικοταχυδρομειο
        email emails mail emailaddress emailaddresses mailaddress emailadresse emailadressen mailadresse emailadress emailid
        emailanschrift elektronischepost replyto courriel adresseemail adressemail adressedecourriel adresseelectronique mel
        correo correoelectronico direccionemail direcciondecorreo direcciondecorreoelectronico emailcorreo
        indirizzoemail indirizzomail postaelettronica indirizzodipostaelettronica
        emailadres mailadres adresemail adresmail adrespoczty pocztaelektroniczna
        enderecoemail enderecodeemail correioeletronico emaildointeressado interessadoemail emailkontakt",
    ),
    (Slot::Email, Usual, "od fra från mittente remitente afzender expediteur nadawca avsändare avsender afsender lähettäjä odesílatel remetente from absender sender von de"),
    (
        Slot::Phone,
        Named,
        "الهاتف هاتف رقمالهاتف رقمالجوال الجوال الموبايل טלפון טלפוןנייד מספרטלפון נייד 電話番号 電話 お電話番号 携帯電話 携帯番号 携帯電話番号 ご連絡先 电话 电话号码 手机 手机号 手机号码 联系电话 聯絡電話 手機 전화번호 연락처 휴대폰 휴대전화 전화 telefoni
        simi simanumer farsimi телефоннийномер telefondecontacte telefonmobil numerodetelefon
        telefonnumer telefonnummeret telefonnumret tlf tlfnr tlfnummer tel1 telf mobilnr mobilnummeret mobiltlf mobiltelefonnummer telenr
        puhelin puhelinnumero puh matkapuhelin kännykkä telefonnicislo telefonnecislo telefonicislo telcislo mobil mobilnitelefon mobilnicislo kontaktnitelefon
        telefonszam mobilszam numardetelefon nrtelefon nrdetelefon telefonumarasi telefonnumarasi ceptelefonu tel/gsm brojtelefona telefonskastevilka
        telefononumeris talrunis telefoninumber numerodecontacto telefonodecontacto telefonocontacto telefonoc telefonecontato contatotelefonico telefonefixo telefonofijo fijo
        recapito recapitotel telefonofisso numerodicellulare numtel numerotel teléfonomóvil contacttelephone telephonenumbers telephonecontact
        phonecall callmeat bestnumber phonetype телефон номертелефона мобильный мобильныйтелефон тел телефоненномер τηλέφωνο κινητό тел.
        phone phones phonenumber phonenumbers telephone telephonenumber phoneno tel telno telnr telnumber mobile mobilephone
        mobilenumber mobileno cell cellphone cellnumber whatsapp whatsappnumber whatsappno telwhatsapp phonewhatsapp
        contactno contactnumber callbacknumber daytimephone
        telefon telefonnummer telefonnr telefonno fon rufnummer mobil mobiltelefon mobilnummer mobilnr mobilfunk
        mobilfunknummer mobilrufnummer handy handynummer handynr festnetz festnetznummer ruckrufnummer telefonnummerfurruckfragen
        telefonmobil telefonhandy telefonfestnetz telefondurchwahl telefonoderhandy telefonmobilnummer kontaktnummer whatsappnummer
        numerodetelephone numtelephone portable numeroportable telephoneportable telephonemobile gsm
        telefono telefonos tfno tlfno telfno numerodetelefono movil celular telefonomovil telefonocelular numerodecelular
        numeroditelefono cellulare numerocellulare telefonocellulare recapitotelefonico
        telefoon telefoonnummer mobiel mobielnummer mobielenummer gsmnummer
        numertelefonu telefonkontaktowy komorka telefonkomorkowy numerkomorkowy nrtelefonu
        telefone telefones numerodetelefone telemovel telefonecelular numerodocelular whatsappcelular telefonewhatsapp",
    ),
    (
        Slot::Name,
        Named,
        "الاسم الإسم الاسمالكامل שם שםמלא お名前 名前 氏名 ご氏名 担当者名 ご担当者名 姓名 名字 联系人 聯絡人 您的姓名 称呼 이름 성함 성명 담당자명 담당자 nafn fulltnafn nomicognoms emri імя вашеімя имеипрезиме імяпрізвище
        navn namn fuldenavn fuldtnavn fulltnavn fullstandigtnamn fornavnogefternavn fornavnogetternavn foroghefternavn forochefternamn fornamnochefternamn
        forogefternavn forogetternavn navnogefternavn nimi kokonimi etujasukunimi etunimijasukunimi jmenoaprijmeni jmenoprijmeni celejmeno menoapriezvisko
        nev teljesnev neve numecomplet numesiprenume numeprenume adsoyad advesoyad isimsoyisim imeiprezime imeinpriimek vardaspavarde vardspavarde vardsuzvards
        contactnaam naamcontactpersoon uwnaam kontaktpersona kontaktniosoba yhteyshenkilo kontaktperson sendername nameofsender nameofenquirer absendername
        namedesabsenders nameinteressent namedesinteressenten visitorname clientname customername guestname имя фио имяифамилия име ονοματεπώνυμο όνομα
        personadecontacto personacontacto nombrecontacto nombredecontacto nomcontact nomducontact referente personaderefrence nomedelreferente nomecontato nomedocontato
        name fullname completename displayname personname nameofperson contactname contactperson contactpersonname nameofcontact
        firstandlastname firstnamelastname firstlastname firstnameandlastname firstnamesurname firstnameandsurname namesurname nameandsurname
        ganzername vollername vollstandigername vorundnachname vornamenachname vornameundnachname vornamename vornameundname vorundzuname
        vorundfamilienname namevorname nachnamevorname nameundvorname nachundvorname namenachname ansprechpartner ansprechpartnerin
        ansprechperson kontaktperson kontaktname namedesansprechpartners namederkontaktperson wieheissensie wieheisstdu wielautetihrname
        nomcomplet nometprenom prenometnom nomprenom prenomnom nomsprenoms
        nombrecompleto nombreyapellidos nombreyapellido nombreapellidos nombreapellido
        nomecompleto nomeecognome nomecognome cognomenome cognomeenome nominativo nomeesobrenome nomesobrenome
        volledigenaam naam voorenachternaam voornaamachternaam contactpersoon
        imieinazwisko imienazwisko nazwiskoiimie osobakontaktowa",
    ),
    (Slot::Name, Usual, "jmeno meno nume isim ad adiniz ime vards vardas nome nom nombre buyer interessent interessentin namen"),
    (
        Slot::GivenName,
        Named,
        "fornavn fornamn etunimi krestnijmeno krestni keresztnev utonev prenume prenumele vname nomepersonale prénoms voornamen
        givenname givennames firstname firstnames forename fname namefirst first namefirstname namegivenname namesfirst namesfirstname
        vorname vornamen rufname prenom prenoms nombredepila nombres primernombre nomedibattesimo voornaam roepnaam imie imiona
        primeironome nomeproprio",
    ),
    (
        Slot::FamilyName,
        Named,
        "efternavn efternamn etternavn sukunimi prijmeni priezvisko vezeteknev numedefamilie soyad soyadi soyisim prezime priimek pavarde uzvards perekonnanimi фамилия фамилно επώνυμο επίθετο nomfamilia primeroapellido segundoapellido apelidos
        familyname lastname lastnames surname surnames lname nname namelast last namelastname namefamilyname namesurname namessurname nameslast
        nameslastname nachname nachnamen familienname zuname nomdefamille nomfamille apellido apellidos primerapellido cognome
        achternaam familienaam nazwisko sobrenome apelido ultimonome",
    ),
    (
        Slot::Company,
        Named,
        "会社名 貴社名 御社名 会社 法人名 公司 公司名称 公司名稱 单位 单位名称 회사 회사명 fyrirtaeki nomdelempresa kompania
        virksomhed virksomhedsnavn virksomhet firmanavn bedrift bedriftsnavn bedriftens foretag foretagsnamn foretagetsnamn organisasjon organisationsnamn yritys yrityksennimi
        yritysnimi organisaatio spolecnost nazevspolecnosti nazevfirmy spolocnost nazovfirmy ceg cegnev companie numecompanie numefirma sirket sirketadi tvrtka nazivtvrtke podjetje
        imone uznemums ettevote компания организация фирма εταιρεία επωνυμία nombredelnegocio negocio nomdelasociété nomdelastructure structure etablissement établissement studio
        company companyname nameofcompany businessname organisation organization organisationname organizationname org orgname
        institution employer corporation accountname nameofbusiness nameoforganisation nameoforganization schoolname
        firma firmen firmenname firmanname nameihrerfirma nameihresunternehmens nameihresbetriebs namefirma namederfirma firmenbezeichnung unternehmen unternehmensname namedesunternehmens
        nameunternehmen betrieb betriebsname nameorganisation arbeitgeber einrichtung verein praxis praxisname kanzlei
        firmaunternehmen unternehmenfirma firmaorganisation unternehmenorganisation companyorganization companyorganisation firmaverein
        entreprise nomentreprise nomdelentreprise societe nomsociete nomdelasociete raisonsociale organisme compagnie
        empresa nombreempresa nombredelaempresa nombredeempresa compania razonsocial organizacion
        azienda nomeazienda nomedellazienda societa ragionesociale ditta impresa
        bedrijf bedrijfsnaam naambedrijf organisatie firmanaam onderneming
        nazwafirmy przedsiebiorstwo nazwaprzedsiebiorstwa
        nomedaempresa nomeempresa nomedaorganizacao organizacao",
    ),
    (Slot::Company, Usual, "business account verband schule behorde"),
    (
        Slot::Website,
        Named,
        "ホームページ ウェブサイト 网站 網站 웹사이트 홈페이지 llocweb vefsida
        website websites websiteurl webpage webadresse webaddress webseite webseitenadresse webauftritt internetadresse internetseite
        internetauftritt homepage homepageurl www companywebsite companyurl companydomain firmenwebsite firmenwebseite firmenhomepage
        unternehmenswebsite unternehmenswebseite
        siteweb siteinternet adressesiteweb sitedelentreprise sitioweb paginaweb paginawebdelaempresa sitoweb sitointernet sitoaziendale webstek
        stronainternetowa stronawww stronaweb adresstrony paginadaweb enderecodosite",
    ),
    (Slot::Website, Usual, "url web site domain"),
    (
        Slot::JobTitle,
        Named,
        "役職 職位 职位 직책 직위 carrec
        stilling tittel befattning tehtava asema tyotehtava pozice funkce beosztas functia pozitia gorev unvan должность θέση
        jobtitle jobposition jobrole jobfunction position positiontitle roleincompany positionincompany titleposition
        positionimunternehmen funktionimunternehmen funktion berufsbezeichnung beruf stellung jobbezeichnung stellenbezeichnung rolleimunternehmen
        positionfunktion funktionposition
        poste posteoccupe fonction intitulduposte intituledeposte intituleduposte
        cargo puesto puestodetrabajo ruolo ruoloaziendale qualifica posizione functie functietitel stanowisko funcao",
    ),
    (Slot::JobTitle, Usual, "title titel role rolle occupation profession job"),
    (
        Slot::Country,
        Named,
        "国 国家 國家 국가 pais
        maa zeme krajina orszag tara ulke drzava valstybe valsts riik страна χώρα landkod
        country countryregion countryname countrycode countryofresidence countryterritory addresscountry billingcountry shippingcountry
        homecountry land landregion landercode landerkennung staat herkunftsland firmensitzland landdesfirmensitzes adresseland
        pays paysderesidence paysregion pais paisderesidencia paisregion paese paesediresidenza nazione landvanherkomst kraj kodkraju",
    ),
    (
        Slot::Language,
        Named,
        "language languagecode lang locale preferredlanguage preferedlanguage sprache sprachen bevorzugtesprache wunschsprache korrespondenzsprache
        sprachcode langue languepreferee idioma idiomapreferido lingua linguapreferita taal voorkeurstaal jezyk",
    ),
    (
        Slot::Subject,
        Named,
        "件名 題名 主题 主旨 标题 標題 제목 assumpte efni
        emne amne amnesrad aihe otsikko predmet predmetzpravy targy subiect konu naslov tema тема θέμα oggettorichiesta assuntodamensagem motivodelaconsulta motifdelademande onderwerpbericht onderwerpvanuwbericht
        subject subjectline mailsubject emailsubject betreff betreffzeile objet sujet objetdumessage sujetdumessage asunto oggetto oggettodelmessaggio
        onderwerp temat tematwiadomosci assunto",
    ),
    (Slot::Subject, Usual, "motivo topic thema themen grundderanfrage grundihreranfrage artderanfrage reason inquirytype enquirytype anfrageart"),
    (
        Slot::Message,
        Named,
        "الرسالة رسالة رسالتك הודעה תוכןההודעה お問い合わせ内容 お問合せ内容 ご相談内容 メッセージ 本文 内容 ご質問内容 ご要望 留言 留言内容 訊息 咨询内容 諮詢內容 内容 需求 메시지 문의내용 내용 missatge elvostremissatge skilabod mesazhi порака порука повідомлення вашеповідомлення
        besked beskeden melding meldingen meddelande meddelandet meddelelse viesti viestisi viestinne zprava textzpravy vasezprava sprava vasasprava uzenet mesaj mesajul mesajiniz
        poruka sporocilo zinute zina sonum сообщение вашесообщение текстсообщения съобщение повідомлення μήνυμα corpodamensagem corpodelmensaje cuerpodelmensaje corpsdumessage
        corpodelmessaggio nachrichteninhalt inhaltdernachricht ihremitteilung nachrichtbody textdernachricht texte textebericht tekst tekstbericht messaggioricevuto votremessage tumensaje suamensagem
        message messages messagetext messagebody messagecontent yourmessage msg nachr nachricht nachrichten nachrichtentext mitteilung nachrichtanuns
        mitteilunganuns ihrenachrichtanuns textnachricht messaggio testodelmessaggio testomessaggio mensaje textodelmensaje mensagem textodamensagem
        bericht uwbericht wiadomosc trescwiadomosci tresc",
    ),
    (
        Slot::Message,
        Usual,
        "henvendelse foresporgsel forfragan kommentti lisatiedot kysymys dotaz poznamka megjegyzes hozzaszolas intrebare comentariu yorum soru vprasanje pitanje upit komentarai вопрос комментарий σχόλια
        ruckfrage mitteilungstext bemerkungenfragen ihrefragen ihrwunsch rueckmeldung messagebodytext enquirydetails inquirydetails yourenquiry yourinquiry yourquestion yourcomments precisions
        besoin votrebesoin projet detalles mensajeconsulta dettagli informazionirichieste detalhes
        comment comments commenttext kommentar kommentare anmerkung anmerkungen bemerkung bemerkungen hinweis hinweise notiz notizen note notes
        question questions questionscomments questionsorcomments commentsquestions commentsorquestions questionsandcomments commentsandquestions
        frage fragen fragenanuns anfrage anfragetext anliegen wunsch wunsche freitext beschreibung projektbeschreibung beschreibungdesprojekts projekt beschreibung
        inquiry enquiry request details description projectdescription projectdetails descriptionofproject additionalinformation additionalinfo
        moreinformation furtherinformation weitereinformationen zusatzlicheinformationen sonstiges feedback body content text nachrichtoptional
        howcanwehelp howcanwehelpyou howmaywehelp howmaywehelpyou howcanihelp whatcanwedo whatcanwedoforyou tellusmore tellusaboutyourproject
        tellusaboutproject aboutyourproject wiekonnenwirhelfen wiekonnenwirihnenhelfen wiekonnenwirdirhelfen waskonnenwirfursietun womitkonnenwirhelfen
        womitkonnenwirihnenhelfen wobeikonnenwirhelfen wobeikonnenwirihnenhelfen wasmochtensieunsmitteilen waskonnenwirtun
        commentaire commentaires remarque remarques votredemande demande votreprojet
        comentario comentarios consulta pregunta observaciones solicitud
        commento commenti richiesta domanda osservazioni
        opmerking opmerkingen vraag toelichting uwvraag
        komentarz uwagi pytanie zapytanie
        comentariosadicionais pergunta observacoes proposta duvida",
    ),
    (
        Slot::Consent,
        Named,
        "consent consents consenttext gdpr gdprconsent gdpragreement dsgvo dsgvoeinwilligung datenschutz datenschutzerklarung datenschutzhinweis datenschutzhinweise
        datenschutzbestimmungen datenschutzakzeptiert datenschutzzugestimmt einwilligung einwilligungserklarung einverstandnis einverstandniserklarung
        zustimmung zustimmungdatenschutz privacy privacypolicy privacyconsent privacyaccepted privacyagreement acceptance acceptprivacy acceptprivacypolicy
        acceptterms termsaccepted acceptgdpr agreement agreetoterms agreetoprivacy agreeprivacy marketingconsent consentmarketing contactconsent
        rgpd consentement politiquedeconfidentialite politicadeprivacidad aceptacion consentimiento consenso consensoprivacy informativaprivacy
        toestemming privacyverklaring zgoda zgodarodo rodo consentimentolgpd lgpd politicadeprivacidade",
    ),
    (Slot::Consent, Usual, "terms agree agb"),
    (Slot::Form, Named, "form formname formularname formtitle nameofform formulartitel formular nameformular formnameid"),
    (Slot::Form, Usual, "formid formularid formkey formhandle formslug"),
    (
        Slot::Page,
        Named,
        "contactformurl gesendetvonseite gesendetvon submittedfrom submittedfrompage pagesubmittedon submittedonpage sentfrompage formpage formularseite urlderseite sourcepage sourcepageurl
        originpage origenurl paginadeorigen pagedorigine urldelapage pageduformulaire urldelapagina paginaweborigine paginaurl adresestrony odkazstranky siteurl urlpagina sivunosoite sidurl sidansurl sidensurl referringpageurl
        page pageurl pageuri pagelink urlofpage sourceurl submissionurl formurl currentpage currenturl pagelocation seitenurl seitenadresse
        landingpage landingpageurl landingurl conversionpage conversionurl posturl embedurl metapageurl parenturl",
    ),
    (Slot::Page, Usual, "seite herkunftsseite"),
    (Slot::Referrer, Named, "referrer referer referrerurl refererurl referringurl referringpage referrerpage httpreferer httpreferrer referringsite"),
    (Slot::Referrer, Usual, "refurl firstreferrer initialreferrer"),
];

/// Words that say nothing about which field it is.
pub(super) const FILLERS: &[&str] = &[
    "et",
    "pb",
    "telefonica",
    "vuestro",
    "tus",
    "kontaktperson",
    "interessent",
    "interessenten",
    "absenders",
    "enquirer",
    "sender",
    "onder",
    "vereist",
    "requerido",
    "requis",
    "richiesto",
    "obrigatorio",
    "wymagane",
    "povinne",
    "pakollinen",
    "obligatorisk",
    "krav",
    "com",
    "per",
    "dos",
    "da",
    "do",
    "della",
    "del",
    "di",
    "van",
    "ons",
    "onze",
    "cv",
    "dumneavoastra",
    "celui",
    "vam",
    "vasi",
    "vasa",
    "vase",
    "vas",
    "teidan",
    "sinun",
    "deres",
    "mitt",
    "min",
    "dine",
    "dit",
    "dina",
    "ditt",
    "din",
    "your",
    "my",
    "the",
    "a",
    "an",
    "of",
    "for",
    "to",
    "please",
    "enter",
    "fill",
    "in",
    "required",
    "mandatory",
    "optional",
    "field",
    "fields",
    "input",
    "value",
    "what",
    "is",
    "s",
    "are",
    "whats",
    "and",
    "or",
    "us",
    "number",
    "wpforms",
    "wpcf7",
    "cf7",
    "form",
    "meta",
    "txt",
    "fld",
    "entry",
    "item",
    "hidden",
    "ihr",
    "ihre",
    "ihren",
    "ihrer",
    "ihres",
    "dein",
    "deine",
    "deiner",
    "deinen",
    "mein",
    "meine",
    "der",
    "die",
    "das",
    "des",
    "den",
    "dem",
    "bitte",
    "angeben",
    "eingeben",
    "eintragen",
    "pflichtfeld",
    "pflichtangabe",
    "pflicht",
    "erforderlich",
    "freiwillig",
    "wie",
    "lautet",
    "ist",
    "fur",
    "an",
    "uns",
    "und",
    "unter",
    "welcher",
    "contact",
    "lead",
    "leads",
    "person",
    "user",
    "customer",
    "client",
    "visitor",
    "guest",
    "applicant",
    "submitter",
    "requester",
    "buyer",
    "kunde",
    "kunden",
    "kontakt",
    "absender",
    "besteller",
    "ansprechpartner",
    "names",
    "address",
    "adresse",
    "attribution",
    "context",
    "tracking",
    "votre",
    "vos",
    "le",
    "la",
    "les",
    "de",
    "du",
    "d",
    "l",
    "obligatoire",
    "su",
    "sus",
    "el",
    "tu",
    "obligatorio",
    "il",
    "lo",
    "vostro",
    "vostra",
    "tuo",
    "tua",
    "obbligatorio",
    "uw",
    "je",
    "jouw",
    "verplicht",
    "twoj",
    "twoje",
    "seu",
    "sua",
    "o",
];

/// Words for a part of a form that has fields in it and says nothing about them: `step_1.email`.
pub(super) const CONTAINERS: &[&str] = &[
    "step",
    "section",
    "block",
    "group",
    "general",
    "personal",
    "details",
    "detail",
    "info",
    "information",
    "data",
    "enquiry",
    "inquiry",
    "request",
    "anfrage",
    "daten",
    "kontaktdaten",
    "kontaktdetails",
    "personendaten",
    "angaben",
    "personliche",
    "allgemein",
    "abschnitt",
    "schritt",
    "coordonnees",
    "datos",
    "dati",
    "gegevens",
    "about",
    "you",
];

/// Words that say which of several addresses or numbers it is.
pub(super) const QUALIFIERS: &[&str] = &[
    "primary",
    "secondary",
    "main",
    "first",
    "second",
    "other",
    "alternative",
    "alternate",
    "additional",
    "personal",
    "private",
    "business",
    "work",
    "home",
    "office",
    "company",
    "corporate",
    "professional",
    "direct",
    "mobile",
    "confirm",
    "confirmation",
    "repeat",
    "retype",
    "again",
    "verify",
    "privat",
    "private",
    "geschaftlich",
    "dienstlich",
    "beruflich",
    "firma",
    "zweite",
    "weitere",
    "alternativ",
    "wiederholen",
    "wiederholung",
    "bestatigen",
    "bestatigung",
    "professionnel",
    "pro",
    "tagsuber",
    "abends",
    "erreichbar",
];
