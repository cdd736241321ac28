/** Home and garden. The format is that of ../vocabulary.ts. */
export const home = `
# Home @home
## Cookware
- Pots : l:1-10 cm:15-30 mat
pl garnek, rondel, garnek z pokrywką, komplet garnków
uk каструля, ківш, набір каструль
ru кастрюля, ковш, набор кастрюль
en pot, saucepan, cooking pot
- Frying pans : cm:18-30 mat
pl patelnia, patelnia grillowa, wok
uk сковорода, сковорода гриль, сковорідка
ru сковорода, сковородка, сковорода-гриль
en frying pan, skillet, wok pan
- Stovetop kettles : l:1.5-3 mat col
pl czajnik z gwizdkiem, czajnik, czajnik emaliowany
uk чайник зі свистком, чайник, чайник емальований
ru чайник со свистком, чайник, чайник эмалированный
en whistling kettle, kettle, stovetop kettle
- Baking tins : cm:20-40 mat
pl forma do pieczenia, blacha, tortownica, foremka
uk форма для випічки, деко, форма для кексів
ru форма для выпечки, противень, форма для кекса
en baking tin, cake tin, baking tray
## Tableware
- Mugs : ml:200-500 col mat
pl kubek, filiżanka, kubek ceramiczny
uk чашка, кухоль, горнятко
ru кружка, чашка, кружка керамическая
en mug, cup
- Plates : cm:15-30 col mat
pl talerz, talerz głęboki, talerzyk deserowy
uk тарілка, тарілка глибока
ru тарелка, тарелка глубокая, блюдце
en plate, dinner plate
- Glasses : ml:150-500 pcs:2-12
pl szklanka, kieliszki do wina, komplet szklanek
uk склянка, келих, набір келихів
ru стакан, бокал, набор бокалов
en glass, wine glasses, tumbler
- Cutlery : pcs:4-60 mat
pl sztućce, łyżka, komplet sztućców, widelec
uk столові прибори, ложка, виделка
ru столовые приборы, ложка, вилка
en cutlery set, spoon, fork
## Kitchen tools : col mat
pl gadżet kuchenny, akcesoria kuchenne, tarka, obieraczka
uk кухонне приладдя, терка, лопатка кухонна
ru кухонные принадлежности, терка, лопатка кухонная
en kitchen gadget, grater, peeler
- Kitchen knives : cm:12-20 mat
pl nóż kuchenny, nóż szefa kuchni, zestaw noży
uk ніж кухонний, набір ножів, ніж
ru нож кухонный, набор ножей, нож
en kitchen knife, chef knife
- Food containers : ml:250-1000 l:0.5-3 pcs:2-10
pl pojemnik na żywność, lunch box, pojemnik
uk контейнер харчовий, ланч-бокс, судочок
ru контейнер пищевой, ланч-бокс, контейнер
en food container, lunch box
- Thermos flasks : ml:300-1000 l:0.5-1.5 col
pl termos, kubek termiczny, bidon
uk термос, термокружка, термочашка
ru термос, термокружка
en thermos, travel mug, vacuum flask
## Bedding
- Duvets and pillows : bed fab
pl kołdra, poduszka, komplet kołdra poduszka
uk ковдра, подушка
ru одеяло, подушка
en duvet, pillow
- Bed linen : bed col fab
pl pościel, prześcieradło, poszewka, komplet pościeli
uk постільна білизна, простирадло, наволочка
ru постельное белье, простыня, КПБ
en bed linen, duvet cover set, sheet
- Mattresses : bed
pl materac, materac piankowy, materac kieszeniowy
uk матрац, матрас ортопедичний
ru матрас, матрас ортопедический
en mattress, memory foam mattress
- Mattress covers < Mattresses : bed fab
pl pokrowiec na materac, ochraniacz, podkład
uk наматрацник, чохол на матрац
ru наматрасник, чехол на матрас
en mattress protector, mattress cover
## Lighting
- Ceiling lamps : w:12-100 col mat
pl lampa sufitowa, żyrandol, plafon, lampa wisząca
uk люстра, світильник стельовий, лампа
ru люстра, светильник потолочный, плафон
en ceiling lamp, pendant light, lamp
- Desk lamps : w:5-15 col
pl lampka biurkowa, lampka nocna, lampa
uk настільна лампа, нічник
ru настольная лампа, ночник, лампа
en desk lamp, night light, lamp
- Light bulbs < Desk lamps : w:5-20 pcs:2-10
pl żarówka, żarówka led, żarówka e27
uk лампочка, лампа led, світлодіодна лампа
ru лампочка, лампа светодиодная, лампа
en light bulb, led bulb
## Furniture
- Chairs : col mat
pl krzesło, fotel biurowy, taboret, hoker
uk стілець, крісло офісне, табурет
ru стул, кресло офисное, табурет
en chair, office chair, stool
- Tables and desks : dim col mat
pl stół, biurko, stolik kawowy, ława
uk стіл, письмовий стіл, журнальний столик
ru стол, письменный стол, журнальный столик
en table, desk, coffee table
- Shelves and cabinets : dim col
pl regał, szafka, półka, komoda
uk стелаж, шафа, полиця, комод
ru стеллаж, шкаф, полка, комод
en shelf, bookcase, cabinet
## Decor
- Candles : scent pcs:2-50
pl świeca zapachowa, świeczka, świeca, tealight
uk свічка ароматична, свічка
ru свеча ароматическая, свеча, свечи чайные
en scented candle, candle, tealights
- Wall clocks : cm:20-40 col
pl zegar ścienny, zegar, budzik
uk годинник настінний, будильник, годинник
ru часы настенные, будильник, часы
en wall clock, alarm clock, clock
- Rugs : dim col
pl dywan, chodnik, wykładzina
uk килим, доріжка
ru ковер, дорожка, палас
en rug, carpet
- Curtains : dim col
pl zasłona, firana, roleta
uk штора, тюль, ролета
ru штора, тюль, занавеска
en curtain, blind, drapes
## Bathroom textiles
- Towels : dim col
pl ręcznik, ręcznik kąpielowy, komplet ręczników
uk рушник, рушник банний
ru полотенце, полотенце банное
en towel, bath towel
- Bath mats : dim col
pl dywanik łazienkowy, mata antypoślizgowa
uk килимок для ванної, килимок
ru коврик для ванной, коврик
en bath mat, shower mat
## Cleaning
- Dishwashing : ml:400-1000 pcs:20-100 scent
pl płyn do naczyń, tabletki do zmywarki, kapsułki do zmywarki
uk засіб для миття посуду, таблетки для посудомийки
ru средство для мытья посуды, таблетки для посудомоечной машины
en dishwashing liquid, dishwasher tablets
- Laundry : kg:0.5-10 l:1-5 scent
pl proszek do prania, żel do prania, płyn do płukania, kapsułki do prania
uk пральний порошок, гель для прання, кондиціонер для білизни
ru стиральный порошок, гель для стирки, кондиционер для белья
en washing powder, laundry gel, fabric softener
- Mops and cloths : pcs:2-10 col
pl mop, ściereczki, gąbka, wiadro z mopem
uk швабра, серветки для прибирання, губка
ru швабра, салфетки для уборки, губка
en mop, cleaning cloths, sponge
## Storage boxes : l:5-60 dim col
pl pudełko do przechowywania, organizer, kosz, pojemnik z pokrywą
uk коробка для зберігання, органайзер, кошик
ru короб для хранения, органайзер, корзина
en storage box, organiser, basket

# Garden @garden
## Seeds and bulbs
- Vegetable seeds : g:15-50
pl nasiona pomidor, nasiona ogórek, nasiona, nasiona marchew
uk насіння огірка, насіння томат, насіння
ru семена огурец, семена томат, семена
en vegetable seeds, tomato seeds
- Flower seeds : g:15-20 pcs:3-50 col
pl nasiona kwiatów, cebulki tulipan, nasiona, aksamitka
uk насіння квітів, цибулини тюльпан, насіння
ru семена цветов, луковицы тюльпан, семена
en flower seeds, tulip bulbs
## Garden tools
- Secateurs and shears : cm:18-80
pl sekator, nożyce do żywopłotu, nożyce ogrodowe
uk секатор, ножиці садові
ru секатор, ножницы садовые, сучкорез
en secateurs, hedge shears, pruner
- Spades and rakes : cm:80-160 mat
pl łopata, szpadel, grabie, motyka
uk лопата, граблі, сапа
ru лопата, грабли, тяпка
en spade, rake, shovel
- Garden hoses : m:10-50 mm:12-25
pl wąż ogrodowy, wąż, zraszacz
uk шланг садовий, шланг поливальний
ru шланг садовый, шланг поливочный
en garden hose, hose
- Hose fittings < Garden hoses : mm:12-25 pcs:2-6
pl złączka do węża, szybkozłączka, pistolet do węża
uk конектор для шланга, пістолет для поливу
ru коннектор для шланга, соединитель, пистолет для полива
en hose connector, hose nozzle
## Garden machines
- Lawn mowers : w:1000-1800 cm:30-50
pl kosiarka, kosiarka spalinowa, kosiarka elektryczna
uk газонокосарка, косарка
ru газонокосилка, косилка
en lawn mower, mower
- Mower blades < Lawn mowers : cm:30-50
pl nóż do kosiarki, nóż, ostrze
uk ніж для газонокосарки, лезо
ru нож для газонокосилки, лезвие
en mower blade, blade
- Grass trimmers : w:500-1200 v:18-36
pl podkaszarka, kosa spalinowa, podkaszarka żyłkowa
uk тример садовий, мотокоса, тример
ru триммер садовый, мотокоса, триммер
en grass trimmer, brush cutter
- Trimmer line < Grass trimmers : mm:1-3 m:15-100
pl żyłka do podkaszarki, żyłka tnąca, głowica żyłkowa
uk волосінь для тримера, котушка
ru леска для триммера, катушка
en trimmer line, trimmer head
## Plant care
- Flower pots : cm:10-50 col mat
pl doniczka, osłonka, skrzynka balkonowa
uk горщик для квітів, кашпо, вазон
ru горшок для цветов, кашпо, балконный ящик
en flower pot, planter
- Soil and fertilisers : l:5-60 kg:1-25 ml:250-1000
pl ziemia uniwersalna, nawóz, podłoże, odżywka do roślin
uk ґрунт, добриво, субстрат
ru грунт, удобрение, субстрат
en potting soil, fertiliser, plant food
## Garden leisure
- Garden furniture : col mat
pl leżak, krzesło ogrodowe, hamak, parasol ogrodowy
uk шезлонг, крісло садове, гамак, парасоля садова
ru шезлонг, кресло садовое, гамак, зонт садовый
en sun lounger, garden chair, hammock
- Grills : cm:40-80 mat
pl grill, grill gazowy, grill węglowy, wędzarnia
uk гриль, мангал, барбекю
ru гриль, мангал, коптильня
en grill, barbecue, bbq
- Charcoal and firelighters < Grills : kg:2-10 pcs:10-100
pl węgiel drzewny, brykiet, podpałka
uk вугілля деревне, брикет, розпалювач
ru уголь древесный, брикет, розжиг
en charcoal, briquettes, firelighters
- Pools and hot tubs : cm:150-200 col
pl basen ogrodowy, basen rozporowy, basen dmuchany
uk басейн каркасний, басейн надувний
ru бассейн каркасный, бассейн надувной
en swimming pool, inflatable pool
## Pest control : ml:100-750 g:50-250 pcs:2-10
pl środek na komary, pułapka na mrówki, trutka na szczury, spray na owady
uk засіб від комарів, засіб від мурах, пастка для мишей
ru средство от комаров, средство от муравьев, ловушка для мышей
en insect spray, mouse trap, ant bait
`;
