# ruff: noqa: E501
"""The people and the trades that ``engine.sample`` draws from. Data only.

An ``x`` in a phone number is any digit. All stay within what regulators keep free for fiction: Ofcom (UK),
ACMA (Australia), Bundesnetzagentur (Germany), ARCEP (France), PTS (Sweden), and NANPA's 555-01xx for America
and for every country that keeps none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Culture:
    """People of one naming tradition: any given name goes with any family name."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    """City and IANA zone."""
    languages: tuple[str, ...]
    """The mother tongue first."""
    phone: str
    family_first: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """One line of work. ``{tongue}`` is the expert's mother tongue, ``{name}`` the given name."""

    title: str
    promise: str
    """What the headline says after the title."""
    work: str
    """A sentence of the bio."""


@dataclass(frozen=True, slots=True)
class Category:
    trades: tuple[Trade, ...]
    manners: tuple[str, ...]
    """Sentences of the bio that are true of every trade of the category."""


def _culture(given: str, family: str, places: str, languages: str, phone: str, family_first: bool = False) -> Culture:
    """Every list is split at commas, and a city from its zone at the equals sign."""
    cities = tuple((city, zone) for city, _, zone in (place.partition("=") for place in places.split(", ")))
    names = tuple(given.split(", ")), tuple(family.split(", "))
    return Culture(*names, cities, tuple(languages.split(", ")), phone, family_first)


CULTURES = (
    _culture(
        "Aarav, Ananya, Arjun, Deepika, Ishaan, Kavya, Lakshmi, Meera, Nikhil, Priya, Rohan, Sanjay, Sunita, Vikram",
        "Banerjee, Chatterjee, Deshmukh, Gupta, Iyer, Joshi, Kulkarni, Menon, Nair, Patel, Rao, Sharma, Srinivasan",
        "Mumbai=Asia/Kolkata, Bengaluru=Asia/Kolkata, New Delhi=Asia/Kolkata", "Hindi, Marathi, Tamil", "+120255501xx",
    ),
    _culture(
        "Aoife, Ciarán, Eilidh, Fionnuala, Gareth, Imogen, Niamh, Oisín, Róisín, Rhys, Saoirse, Seán, Siobhán, Tomás",
        "Byrne, Davies, Doyle, Gallagher, Hughes, Kavanagh, MacLeod, Murphy, O'Brien, O'Neill, Pritchard, Walsh, Whelan",
        "Dublin=Europe/Dublin, London=Europe/London, Edinburgh=Europe/London", "English", "+442079460xxx",
    ),
    _culture(
        "Ana Clara, Antônio, Beatriz, Caetano, Cauã, Fernanda, Gonçalo, João Pedro, Júlia, Larissa, Luís, Moacir, Thaís",
        "Almeida, Araújo, Barbosa, Brandão, Carvalho, Conceição, Figueiredo, Gonçalves, Magalhães, Nogueira, Simões",
        "São Paulo=America/Sao_Paulo, Rio de Janeiro=America/Sao_Paulo, Manaus=America/Manaus", "Portuguese", "+130555501xx",
    ),
    _culture(
        "Achieng, Amani, Baraka, Chebet, Faith, Jomo, Kamau, Makena, Njeri, Otieno, Wairimu, Wangari, Wanjiku, Zawadi",
        "Cheruiyot, Gathoni, Kariuki, Kimani, Kiplagat, Maina, Mutua, Mwangi, Ngugi, Njoroge, Ochieng, Odhiambo, Wafula",
        "Nairobi=Africa/Nairobi, Mombasa=Africa/Nairobi, Kisumu=Africa/Nairobi", "Swahili, Kikuyu", "+141555501xx",
    ),
    _culture(
        "Agnieszka, Bartłomiej, Bożena, Grażyna, Jędrzej, Kinga, Łucja, Łukasz, Małgorzata, Michał, Paweł, Stanisław",
        "Bąk, Dąbek, Gołąb, Kaczmarek, Król, Mazur, Mróz, Nowak, Pająk, Sikora, Świątek, Wójcik, Wróbel, Zając",
        "Warsaw=Europe/Warsaw, Kraków=Europe/Warsaw, Gdańsk=Europe/Warsaw", "Polish, German", "+442079460xxx",
    ),
    _culture(
        "Chloe, Darcy, Eleni, Hamish, Indigo, Jarrah, Kirra, Lachlan, Matilda, Nikolaos, Tahlia, Xanthe, Zara",
        "Beaumont, Callahan, D'Angelo, Fairweather, Hartigan, Kowalczyk, Lockyer, McAllister, Ridgeway, Tran, Whitlam",
        "Sydney=Australia/Sydney, Melbourne=Australia/Melbourne, Adelaide=Australia/Adelaide, Perth=Australia/Perth",
        "English", "+6125550xxxx",
    ),
    _culture(
        "Thị Hương, Văn Minh, Thanh Tùng, Ngọc Ánh, Quang Huy, Thu Thảo, Đức Anh, Bảo Châu, Hoàng Yến, Gia Bảo, Mỹ Linh",
        "Nguyễn, Trần, Lê, Phạm, Huỳnh, Phan, Vũ, Đặng, Bùi, Đỗ, Hồ, Ngô, Dương",
        "Ho Chi Minh City=Asia/Ho_Chi_Minh, Hanoi=Asia/Bangkok", "Vietnamese, French", "+121355501xx", True,
    ),
    _culture(
        "Anneliese, Björn, Dörte, Friederike, Götz, Hannelore, Jürgen, Käthe, Anke, Matthias, Renée, Sönke, Ute, Wolfgang",
        "Bäcker, Böhm, Großmann, Haußmann, Jäger, Köhler, Krüger, Lindemann, Müller, Schäfer, Schröder, Vogel, Weiß",
        "Berlin=Europe/Berlin, Hamburg=Europe/Berlin, Vienna=Europe/Vienna, Zürich=Europe/Zurich", "German, French", "+493023125xxx",
    ),
    _culture(
        "Aiko, Daichi, Haruka, Hinata, Jun'ichi, Kenji, Kōhei, Mei, Naoko, Ryōta, Sakura, Shōta, Yūki, Yūko",
        "Andō, Fujimoto, Gotō, Hayashi, Itō, Katō, Kobayashi, Matsumoto, Ōno, Saitō, Satō, Takahashi, Yamamoto",
        "Tokyo=Asia/Tokyo, Osaka=Asia/Tokyo, Sapporo=Asia/Tokyo", "Japanese", "+120655501xx",
    ),
    _culture(
        "Ángel, Begoña, Esperanza, Guadalupe, Íñigo, Itzel, José Luis, Lucía, Martín, Nicolás, Paloma, Sofía, Xóchitl",
        "Cárdenas, Domínguez, Espinoza, Fernández, Gutiérrez, Ibáñez, Juárez, Muñoz, Núñez, Peña, Quiñones, Zúñiga",
        "Mexico City=America/Mexico_City, Bogotá=America/Bogota, Buenos Aires=America/Argentina/Buenos_Aires",
        "Spanish, Portuguese", "+121055501xx",
    ),
    _culture(
        "Åse, Astrid, Bjørk, Frederik, Freja, Ingrid, Jørgen, Kirsten, Lærke, Mads, Øjvind, Rasmus, Søren, Sørine",
        "Aagaard, Bjerregård, Dahl, Grønning, Holm, Kjær, Kjeldsen, Lund, Ørsted, Østergård, Rønne, Skov, Sørensen",
        "Copenhagen=Europe/Copenhagen, Aarhus=Europe/Copenhagen, Nuuk=America/Nuuk", "Danish, Swedish, Norwegian", "+463139006xx",
    ),
    _culture(
        "Adétọ́kunbọ̀, Ayọ̀mídé, Babatúndé, Bísí, Ẹniọlá, Fúnmiláyọ̀, Kẹ́hìndé, Olúwaṣeun, Ṣadé, Táíwò, Tèmítọ́pẹ́, Yétúndé",
        "Abíọ́lá, Adébáyọ̀, Adéyẹmí, Akínwándé, Balógun, Bánkọ́lé, Fálàná, Odùkọ̀yà, Ògúnlẹ́sí, Ọlátúnjí, Ṣóyínká",
        "Lagos=Africa/Lagos, Ibadan=Africa/Lagos, Abuja=Africa/Lagos", "Yoruba, Hausa", "+131255501xx",
    ),
    _culture(
        "Amélie, Benoît, Chloé, Étienne, François, Gaëlle, Hélène, Joël, Maëlys, Noémie, Océane, Rémi, Théo, Zoë",
        "Beauchêne, Bélanger, Besançon, Côté, D'Aubigné, Dubois, Gagné, Lefèvre, Lévesque, Préjean, Rousseau, Thériault",
        "Paris=Europe/Paris, Montréal=America/Toronto, Brussels=Europe/Brussels, Dakar=Africa/Dakar", "French, Spanish", "+3319900xxxx",
    ),
    _culture(
        "Ahmed, Dina, Farida, Hossam, Karim, Layla, Mariam, Nour, Omar, Rania, Salma, Tarek, Yasmine, Youssef",
        "Abdel-Rahman, El-Masry, El-Sayed, Farouk, Ghanem, Haddad, Khalil, Mansour, Nassar, Qabbani, Shahin, Zaki",
        "Cairo=Africa/Cairo, Dubai=Asia/Dubai, Casablanca=Africa/Casablanca, Beirut=Asia/Beirut", "Arabic, French", "+173455501xx",
    ),
    _culture(
        "Ji-woo, Min-jun, Seo-yeon, Ha-eun, Do-yun, Ye-jin, Hyun-woo, Soo-ah, Tae-yang, Eun-ji, Jae-won, Na-ri",
        "Kim, Lee, Park, Choi, Jeong, Kang, Yoon, Jang, Lim, Hwang, Seo, Bae",
        "Seoul=Asia/Seoul, Busan=Asia/Seoul", "Korean, Japanese", "+121355501xx", True,
    ),
    _culture(
        "Ayşe, Barış, Çağla, Deniz, Emre, Fatma, Gökçe, Hüseyin, Işıl, Kağan, Oğuz, Özge, Şebnem, Ümit",
        "Akın, Bulut, Çelik, Demir, Erdoğmuş, Güneş, Kılıç, Öztürk, Şahin, Tunç, Uysal, Yıldız",
        "Istanbul=Europe/Istanbul, Ankara=Europe/Istanbul, İzmir=Europe/Istanbul", "Turkish, German", "+493023125xxx",
    ),
    _culture(
        "Aroha, Ari, Hēmi, Hinemoa, Kahurangi, Mereana, Ngaire, Nikau, Rāwiri, Tāne, Tama, Wiremu",
        "Campbell, Henare, Karaitiana, Love, McKenzie, Ngata, Parata, Pōmare, Rangihuna, Tāmihana, Walker, Whaanga",
        "Auckland=Pacific/Auckland, Wellington=Pacific/Auckland, Waitangi=Pacific/Chatham", "English, Māori", "+6127010xxxx",
    ),
    _culture(
        "Aiden, Brooke, Carlos, DeShawn, Emily, Grace, Hannah, Jamal, Kiana, Malik, Naomi, Rosa, Tyler, Wyatt",
        "Anderson, Brooks, Castillo, Delgado, Freeman, Goldberg, Hernandez, Jefferson, Kealoha, Washington, Yazzie",
        "New York=America/New_York, Chicago=America/Chicago, Phoenix=America/Phoenix, "
        "San Francisco=America/Los_Angeles, Honolulu=Pacific/Honolulu", "English, Spanish", "+121255501xx",
    ),
    _culture(
        "Aakriti, Binod, Dawa, Gita, Kabita, Manisha, Pasang, Prakash, Sabina, Suman, Tenzing, Umesh",
        "Adhikari, Basnet, Gurung, Karki, Lama, Magar, Poudel, Rai, Shrestha, Sherpa, Tamang, Thapa",
        "Kathmandu=Asia/Kathmandu, Pokhara=Asia/Kathmandu", "Nepali, Hindi", "+130355501xx",
    ),
    _culture(
        "Andriy, Bohdan, Daryna, Halyna, Iryna, Kateryna, Lesia, Mykola, Oksana, Oleksandr, Solomiya, Taras, Yuliia",
        "Bondarenko, Hnatiuk, Kovalenko, Kravchenko, Lysenko, Marchuk, Melnyk, Petrenko, Savchenko, Shevchenko, Tkachuk",
        "Kyiv=Europe/Kyiv, Lviv=Europe/Kyiv, Tbilisi=Asia/Tbilisi", "Ukrainian, Polish", "+441632960xxx",
    ),
)  # fmt: skip

CATEGORIES = {
    "Career": Category(
        (
            Trade("interview coach", "Mock interviews, honest notes",
                  "Most sessions are a mock interview followed by a frank hour over what the panel heard."),
            Trade("career-change mentor", "From one field to the next without starting over",
                  "{name} helps people find out which of their skills travel, and who will pay for them."),
            Trade("leadership coach", "For the first year of managing people",
                  "New managers bring the conversation they dread, and rehearse it with {name} until it is short."),
            Trade("CV and portfolio editor", "One page that gets read",
                  "Bring a CV of any length, and leave with a page that says what you did and what changed because of it."),
            Trade("salary negotiation coach", "Ask for more, and keep the goodwill",
                  "{name} goes through the offer line by line and writes the counter-offer with you."),
        ),
        ("Expect homework after the first session, and a note that sums it up the same day.",
         "There are no personality tests, only your own work history and the job you want.",
         "Many come back years later, before the next big step."),
    ),
    "Design": Category(
        (
            Trade("product designer", "From rough flow to tested prototype",
                  "Share a screen and a problem, and {name} will sketch three ways out of it with you."),
            Trade("typographer", "Type that reads well in every script",
                  "{name} has set books, timetables and banking apps, and can tell you why a page feels tired."),
            Trade("design-systems lead", "Components that teams really use",
                  "Teams ask {name} to find out why nobody uses the library, and what to delete from it first."),
            Trade("accessibility specialist", "Interfaces for everybody, checked by hand",
                  "A session walks through your product with a keyboard and a screen reader, and ends in a ranked list."),
            Trade("brand designer", "Identities for small companies with a point of view",
                  "Founders come with a name and a hunch, and go home with a direction that a printer can follow."),
        ),
        ("Critique is kind, specific and about the work.",
         "Files are welcome the day before, so that the time goes into talking.",
         "Students get the same attention as agencies do."),
    ),
    "Engineering": Category(
        (
            Trade("distributed-systems engineer", "Queues, consensus and calm on-call weeks",
                  "Bring a design document or an incident report, and {name} will look for the failure nobody wrote down."),
            Trade("mobile developer", "Fast apps on slow phones",
                  "{name} profiles your app with you, live, on a phone that costs less than lunch for four."),
            Trade("database engineer", "Indexes, migrations and the query that hurts",
                  "Most people arrive with one slow query and leave with a different table."),
            Trade("security engineer", "Threat models a team can finish in an afternoon",
                  "Sessions are whiteboard work: what you keep, who wants it, and the cheapest thing that stops them."),
            Trade("machine-learning engineer", "Models that survive their first month in production",
                  "{name} helps small teams decide what to measure before they decide what to train."),
        ),
        ("Code on screen beats slides, so have the repository open.",
         "You will get references to read, and never more than three.",
         "Juniors are welcome, and so are questions that feel too basic."),
    ),
    "Finance": Category(
        (
            Trade("personal finance planner", "A budget you can live with",
                  "{name} starts from what you spent last month, and builds a plan that survives a bad one."),
            Trade("start-up CFO", "Runway, pricing and the board pack",
                  "Founders open the spreadsheet, and together with {name} make it answer the three questions investors ask."),
            Trade("tax adviser for freelancers", "Invoices, deductions and no surprises in spring",
                  "A session sorts one year's papers into what counts, what does not, and what to ask the authorities."),
            Trade("retirement planner", "When you can stop, and on what",
                  "With {name} you work through pensions, housing and care in plain words and round numbers."),
            Trade("financial modelling tutor", "Clean models, from blank sheet to scenario",
                  "You build the model yourself while {name} asks where each number comes from."),
        ),
        ("No products are sold and no commission is taken.",
         "Numbers you share stay in the session and are deleted afterwards.",
         "Couples are welcome to come together."),
    ),
    "Health & Nutrition": Category(
        (
            Trade("dietitian", "Eating well without a forbidden list",
                  "{name} plans meals around the kitchen, the culture and the budget you have."),
            Trade("sleep coach", "Better nights in six weeks",
                  "You keep a diary for a week, and {name} reads it with you before changing a single habit."),
            Trade("physiotherapist", "Backs, knees and desks",
                  "Sessions mix a short assessment on camera with exercises that fit between two meetings."),
            Trade("sports nutritionist", "Fuel for training and for race day",
                  "Runners and cyclists work out with {name} what to eat before, during and after the long day."),
            Trade("stress and mindfulness coach", "Ten quiet minutes that last all day",
                  "Practice comes first, theory second, and nobody has to sit on the floor."),
        ),
        ("This is coaching and does not replace a doctor, to whom you will be sent when that is wiser.",
         "Progress is measured in how you feel and not only in numbers.",
         "Plans are adapted to allergies, pregnancy and fasting months."),
    ),
    "Languages": Category(
        (
            Trade("{tongue} teacher", "From first words to first jokes",
                  "Lessons with {name} are built on what you want to say this week."),
            Trade("{tongue} conversation partner", "Talk more, worry less",
                  "You talk, {name} listens and notes, and the last ten minutes go into the mistakes worth fixing."),
            Trade("{tongue} exam tutor", "Certificates without cramming",
                  "{name} marks a practice paper with you and finds the points that are easiest to win."),
            Trade("business {tongue} trainer", "Meetings, mail and small talk",
                  "Clients rehearse next week's meeting with {name}, including the jokes and the interruptions."),
            Trade("{tongue} pronunciation coach", "Be understood the first time",
                  "Together you record, slow down and repeat, until the sounds that give you away are your own."),
        ),
        ("Grammar is explained when you trip over it and not before.",
         "Every learner gets a short recording to listen to on the way to work.",
         "Films, songs and recipes are all fair material."),
    ),
    "Law": Category(
        (
            Trade("immigration lawyer", "Visas and papers, step by step",
                  "{name} reads the letter you got, says what it means, and lists what to send by when."),
            Trade("employment lawyer", "Contracts, notice and fair exits",
                  "People bring a contract before they sign it, or a dismissal before they answer it."),
            Trade("privacy lawyer", "Data protection for small teams",
                  "With {name}, a team maps what it collects and drops half of it before writing a policy."),
            Trade("tenancy law adviser", "Rent, repairs and deposits",
                  "A session goes through the lease, the photographs and the deadline, in that order."),
            Trade("intellectual property lawyer", "Names, code and designs that stay yours",
                  "Makers learn from {name} what to register, what to keep secret, and what to let go."),
        ),
        ("You will hear early if a case is not worth its costs.",
         "The first ten minutes are for checking that there is no conflict of interest.",
         "Advice is general until both sides have signed a mandate."),
    ),
    "Marketing": Category(
        (
            Trade("content strategist", "Fewer posts that do more",
                  "{name} reads everything you published this year and tells you which tenth of it worked."),
            Trade("search specialist", "Found for the right questions",
                  "Sessions look at what people really type, and at the pages that ought to answer them."),
            Trade("growth marketer", "Small experiments, counted properly",
                  "Teams leave with one experiment for the week and a number {name} will ask about in the next."),
            Trade("copywriter", "Plain words that sell",
                  "Bring a landing page, and rewrite its first screen together with {name} within the hour."),
            Trade("community manager", "Rooms people come back to",
                  "{name} has started forums, meet-ups and a choir, and knows what keeps the second month alive."),
        ),
        ("Shops with one owner are as welcome as large teams.",
         "Nothing is recommended that has not been tried on a small budget first.",
         "Access to your figures helps, and screenshots will do."),
    ),
}  # fmt: skip
"""The eight categories of the sample, by name."""
