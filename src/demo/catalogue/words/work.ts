/** Books and media, office, tools and building. The format is that of ../vocabulary.ts. */
export const work = `
# Books and media @media
## Fiction
- Crime and thrillers : title pages
pl kryminał, powieść kryminalna, thriller, książka
uk детектив, трилер, книга
ru детектив, триллер, книга
en crime novel, thriller, book
- Fantasy and science fiction : title pages
pl fantasy, fantastyka, powieść, książka
uk фентезі, фантастика, книга
ru фэнтези, фантастика, книга
en fantasy novel, science fiction, book
- Romance : title pages
pl romans, powieść obyczajowa, książka
uk любовний роман, роман, книга
ru любовный роман, роман, книга
en romance, novel, book
## Non-fiction
- Cookbooks : title pages
pl książka kucharska, kuchnia, przepisy, książka
uk кулінарна книга, рецепти, книга
ru кулинарная книга, рецепты, книга
en cookbook, recipes, book
- Guides and maps : title pages year
pl przewodnik, mapa turystyczna, atlas
uk путівник, карта, атлас
ru путеводитель, карта, атлас
en travel guide, map, atlas
- Biographies and history : title pages
pl biografia, wspomnienia, historia, książka
uk біографія, мемуари, історія, книга
ru биография, мемуары, история, книга
en biography, memoir, history book
- Self-help and business : title pages
pl poradnik, psychologia, rozwój osobisty, biznes
uk психологія, саморозвиток, бізнес книга
ru психология, саморазвитие, бизнес книга
en self-help book, business book
## Children's books
- Picture books : title age
pl bajka, książeczka, bajki dla dzieci, książka
uk казка, книжка дитяча, казки
ru сказка, книга детская, сказки
en picture book, fairy tales, book
- Colouring and activity books : title age
pl kolorowanka, naklejki, książeczka
uk розмальовка, наліпки, книжка
ru раскраска, наклейки, книжка
en colouring book, sticker book
## Textbooks
- Language courses : title pages
pl podręcznik angielski, słownik, ćwiczenia, repetytorium
uk підручник англійської, словник, посібник
ru учебник английского, словарь, пособие
en english course, dictionary, workbook
- School textbooks : title year
pl podręcznik, zeszyt ćwiczeń, matematyka klasa
uk підручник, робочий зошит, математика клас
ru учебник, рабочая тетрадь, математика класс
en textbook, maths workbook
## Music and film
- Vinyl records : title year
pl płyta winylowa, winyl, lp
uk платівка, вініл, lp
ru пластинка, винил, lp
en vinyl, lp record
- CDs : title year
pl płyta cd, cd, album
uk cd диск, альбом
ru cd диск, альбом, компакт-диск
en cd, audio cd
- Films : title year
pl film dvd, dvd, blu-ray, film
uk фільм dvd, blu-ray, фільм
ru фильм dvd, двд, blu-ray
en dvd, blu-ray, movie
## Video games : title
pl gra na konsolę, gra pc, gra
uk гра для приставки, гра, диск з грою
ru игра для приставки, игра, диск с игрой
en video game, game, pc game
## Magazines : title year
pl czasopismo, gazeta, magazyn, prenumerata
uk журнал, газета
ru журнал, газета
en magazine, newspaper

# Office @office
## Writing
- Ball pens : col pcs:2-50 mm:0.5-1
pl długopis, długopis żelowy, pióro
uk ручка кулькова, ручка, ручка гелева
ru ручка шариковая, ручка, ручка гелевая
en ball pen, pen, gel pen
- Pen refills < Ball pens : col pcs:2-50 mm:0.5-1
pl wkład do długopisu, wkłady, naboje
uk стрижень для ручки, стрижень, стержень
ru стержень для ручки, стержень, чернила
en pen refill, ink cartridges
- Pencils and crayons : pcs:6-48 col
pl kredki, ołówek, kredki ołówkowe
uk олівці кольорові, олівець
ru карандаши цветные, карандаш
en coloured pencils, pencil, crayons
- Markers : col pcs:2-24
pl marker, zakreślacz, flamastry, pisaki
uk маркер, фломастери, текстовиділювач
ru маркер, фломастеры, текстовыделитель
en marker, highlighter, felt tips
## Paper
- Copy paper : pages:160-500
pl papier ksero, papier a4, papier do drukarki
uk папір офісний, папір а4
ru бумага офисная, бумага а4
en copy paper, printer paper
- Notebooks and diaries : pages col
pl zeszyt, notes, notatnik, notebook
uk зошит, блокнот, щоденник
ru тетрадь, блокнот, ежедневник
en notebook, diary, notepad
- Sticky notes : pcs:2-20 col
pl karteczki samoprzylepne, zakładki indeksujące
uk стікери, папір для нотаток
ru стикеры, бумага для заметок
en sticky notes, page markers
## Filing
- Binders and folders : mm:25-75 col pcs:2-100
pl segregator, teczka, koszulki na dokumenty, skoroszyt
uk папка-реєстратор, папка, файли
ru папка-регистратор, папка, файлы
en ring binder, folder, punched pockets
## Desk supplies
- Staplers : col
pl zszywacz, dziurkacz
uk степлер, діркопробивач
ru степлер, дырокол
en stapler, hole punch
- Staples and clips < Staplers : pcs:100-1000 mm:6-10
pl zszywki, spinacze, klipsy
uk скоби для степлера, скріпки
ru скобы для степлера, скрепки
en staples, paper clips
- Glue and tape : ml:15-100 m:10-100
pl klej, taśma klejąca, klej w sztyfcie
uk клей, скотч, клей-олівець
ru клей, скотч, клей-карандаш
en glue, adhesive tape, glue stick
## Art supplies
- Paints : ml:50-500 col
pl farby akrylowe, farby plakatowe, akwarele, plastelina
uk фарби акрилові, гуаш, акварель
ru краски акриловые, гуашь, акварель
en acrylic paint, watercolours
- Brushes and canvases : pcs:3-24 dim
pl pędzel, podobrazie, zestaw pędzli, sztaluga
uk пензель, полотно на підрамнику, пензлі
ru кисть, холст на подрамнике, кисти
en paint brush, canvas, brush set
## Party and gifts
- Balloons : cm:20-45 col pcs:5-100
pl balony, balon foliowy, girlanda
uk кульки, повітряні кулі
ru шары, воздушные шары
en balloons, foil balloon
- Gift wrap and cards : pcs:2-20 col
pl torebka prezentowa, papier ozdobny, kartka urodzinowa
uk пакет подарунковий, листівка, папір пакувальний
ru пакет подарочный, открытка, бумага упаковочная
en gift bag, greeting card, wrapping paper
## Calendars : year
pl kalendarz, kalendarz ścienny, terminarz
uk календар, календар настінний
ru календарь, календарь настенный
en calendar, wall calendar

# Tools and building @tools
## Power tools
- Drills : w:500-1200 v:12-20
pl wiertarka, wkrętarka, młotowiertarka, wiertarko-wkrętarka
uk дриль, шуруповерт, перфоратор
ru дрель, шуруповерт, перфоратор
en drill, cordless drill, hammer drill
- Drill bits < Drills : mm:2-20 pcs:5-100
pl wiertła, wiertło, bity, końcówki wkrętakowe
uk свердло, свердла, біти
ru сверло, сверла, бур, биты
en drill bits, bit set
- Angle grinders : w:500-2400 mm:115-230
pl szlifierka kątowa, szlifierka, flex
uk болгарка, КШМ, шліфмашина
ru болгарка, УШМ, шлифмашина
en angle grinder, grinder
- Cutting discs < Angle grinders : mm:115-230 pcs:2-50
pl tarcza do cięcia, tarcza, tarcza diamentowa
uk диск відрізний, круг відрізний
ru диск отрезной, круг отрезной
en cutting disc, grinding disc
- Saws : w:500-2400
pl pilarka, piła tarczowa, wyrzynarka, pilarka łańcuchowa
uk пила дискова, лобзик, бензопила
ru пила дисковая, лобзик, бензопила
en circular saw, jigsaw, chainsaw
- Saw blades and chains < Saws : mm:150-230 pcs:2-10
pl tarcza do pilarki, łańcuch do piły, brzeszczot
uk диск пильний, ланцюг для пили, полотно
ru диск пильный, цепь для пилы, полотно
en saw blade, saw chain
## Hand tools
- Screwdrivers and spanners : mm:4-22 pcs:6-120
pl śrubokręt, klucz płaski, zestaw kluczy, wkrętak
uk викрутка, ключ гайковий, набір ключів
ru отвертка, ключ гаечный, набор ключей
en screwdriver, spanner, socket set
- Hammers and pliers : g:200-800
pl młotek, kombinerki, szczypce
uk молоток, плоскогубці, кусачки
ru молоток, плоскогубцы, кусачки
en hammer, pliers
- Measuring tools : m:3-50
pl miara zwijana, poziomica, dalmierz
uk рулетка, рівень, далекомір
ru рулетка, уровень, дальномер
en tape measure, spirit level
## Painting
- Wall paint : l:1-10 col
pl farba do ścian, farba lateksowa, emulsja, farba
uk фарба для стін, фарба водоемульсійна, фарба
ru краска для стен, краска водоэмульсионная, краска
en wall paint, emulsion, paint
- Varnish and wood stain : l:0.75-5 ml:250-750 col
pl lakier do drewna, lakierobejca, impregnat, lakier
uk лак для дерева, морилка, лак
ru лак для дерева, морилка, лак
en wood varnish, wood stain
- Rollers and brushes < Wall paint : mm:25-100 cm:10-26
pl wałek malarski, pędzel, kuweta malarska
uk валик малярний, пензель
ru валик малярный, кисть
en paint roller, brush
## Electrical
- Sockets and switches : col
pl gniazdko, włącznik światła, ramka
uk розетка, вимикач
ru розетка, выключатель
en socket, light switch
- Batteries : v:1.5-1.5 pcs:2-24
pl baterie, bateria alkaliczna, akumulatorki
uk батарейки, батарейка, акумулятор
ru батарейки, батарейка, аккумулятор
en batteries, aa batteries
- Extension leads : m:1.5-30
pl przedłużacz, listwa zasilająca
uk подовжувач, мережевий фільтр
ru удлинитель, сетевой фильтр
en extension lead, power strip
## Plumbing
- Taps : col mat
pl bateria umywalkowa, kran, bateria kuchenna, bateria
uk змішувач, кран, змішувач для кухні
ru смеситель, кран, смеситель для кухни
en tap, mixer tap
- Showers and drains : cm:10-30 col
pl słuchawka prysznicowa, syfon, zestaw prysznicowy
uk лійка для душу, сифон, душовий набір
ru лейка для душа, сифон, душевой набор
en shower head, siphon
## Fixings
- Screws and nails : mm:4-100 pcs:50-1000
pl wkręty, śruby, gwoździe, kołki
uk саморізи, болти, цвяхи
ru саморезы, болты, гвозди
en screws, nails, bolts
- Locks and handles : mm:40-75 col
pl kłódka, zamek, klamka, wkładka do zamka
uk замок навісний, ручка дверна, замок
ru замок навесной, ручка дверная, замок
en padlock, door handle, lock
## Building mixes : kg:5-25
pl cement, zaprawa klejowa, gips szpachlowy, silikon
uk цемент, клей для плитки, шпаклівка
ru цемент, клей плиточный, шпатлевка
en cement, tile adhesive, filler
`;
