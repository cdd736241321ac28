/** Electronics and appliances. The format is that of ../vocabulary.ts. */
export const electronics = `
# Electronics @tech
## Phones
- Smartphones : gb:64-512 inch:5-7 col
pl smartfon, telefon komórkowy, telefon, tel. kom., komórka dual sim
uk смартфон, мобільний телефон, телефон, мобілка
ru смартфон, сотовый телефон, телефон, моб. телефон
en smartphone, mobile phone, phone, cell phone unlocked
- Phone cases < Smartphones : col fab
pl etui, pokrowiec na telefon, futerał, case, plecki, obudowa silikonowa
uk чохол, чохол-книжка, накладка, бампер
ru чехол, чехол-книжка, накладка, бампер, кейс
en case, phone case, back cover, wallet case
- Screen protectors < Smartphones : inch:5-7 pcs:2-3
pl szkło hartowane, folia ochronna, szkło 9H, szkło na ekran
uk захисне скло, плівка, скло 5D
ru защитное стекло, пленка, стекло 9Н
en tempered glass, screen protector, screen film
- Phone chargers : w:10-100 col
pl ładowarka sieciowa, ładowarka, zasilacz usb-c, ładowarka indukcyjna
uk зарядний пристрій, зарядка, мережевий ЗП, бездротова зарядка
ru зарядное устройство, зарядка, СЗУ, блок питания usb
en charger, wall charger, fast charger, wireless charger
- Power banks : mah col
pl powerbank, power bank, bateria zewnętrzna
uk повербанк, павербанк, зовнішній акумулятор
ru повербанк, внешний аккумулятор, пауэрбанк
en power bank, portable battery
## Computers
- Laptops : inch:13.3-17.3 gb:128-1000 col
pl laptop, notebook, komputer przenośny, ultrabook
uk ноутбук, лептоп, ультрабук
ru ноутбук, лэптоп, ультрабук
en laptop, notebook, ultrabook
- Laptop bags < Laptops : inch:13.3-17.3 col fab
pl torba na laptopa, torba, etui na notebooka, pokrowiec, plecak na laptopa
uk сумка для ноутбука, сумка, чохол для ноутбука
ru сумка для ноутбука, сумка, чехол для ноутбука
en laptop bag, laptop sleeve, sleeve
- Monitors : inch:20-43 hz
pl monitor, monitor gamingowy, ekran led
uk монітор, ігровий монітор, дисплей
ru монитор, игровой монитор, экран
en monitor, gaming monitor, display
- Keyboards : col
pl klawiatura, klawiatura mechaniczna, klaw. bezprzewodowa
uk клавіатура, механічна клавіатура
ru клавиатура, игровая клавиатура
en keyboard, mechanical keyboard
- Computer mice : dpi col
pl mysz, myszka bezprzewodowa, mysz gamingowa
uk миша, мишка бездротова, миша ігрова
ru мышь, мышка беспроводная, мышь игровая
en mouse, wireless mouse, gaming mouse
- USB drives : gb:8-512 col
pl pendrive, pamięć usb, pen drive
uk флешка, usb накопичувач, флеш-память
ru флешка, usb-накопитель, флэш накопитель
en usb flash drive, pendrive, memory stick
- Solid state drives : gb:128-1000
pl dysk ssd, dysk m.2, dysk wewnętrzny
uk ssd диск, накопичувач ssd, твердотілий диск
ru ssd диск, накопитель ssd, твердотельный диск
en ssd, nvme drive, solid state drive
## Printing
- Printers : col
pl drukarka, urządzenie wielofunkcyjne, drukarka laserowa, drukarka atramentowa
uk принтер, БФП, принтер лазерний
ru принтер, МФУ, принтер струйный
en printer, laser printer, all-in-one printer
- Printer cartridges < Printers : col pcs
pl tusz, toner, wkład, kartridż
uk картридж, тонер, чорнило
ru картридж, тонер, чернила
en ink cartridge, toner, cartridge
## TV and audio
- Televisions : inch:24-75 col
pl telewizor, tv led, smart tv, telewizor 4k
uk телевізор, smart телевізор, тв led
ru телевизор, смарт тв, телевизор led
en tv, television, smart tv 4k
- TV mounts < Televisions : inch:24-75
pl uchwyt do telewizora, wieszak tv, uchwyt ścienny
uk кронштейн, кріплення для телевізора, тримач тв
ru кронштейн, крепление для телевизора, держатель тв
en tv bracket, wall mount
- Remote controls < Televisions :
pl pilot, pilot do telewizora, pilot uniwersalny
uk пульт, пульт ДК, пульт для телевізора
ru пульт, пульт ДУ, пульт для телевизора
en remote control, remote
- Headphones : col
pl słuchawki, słuchawki bezprzewodowe, słuchawki douszne, słuchawki nauszne
uk навушники, навушники бездротові, гарнітура
ru наушники, наушники вкладыши, гарнитура
en headphones, earbuds, wireless earphones, headset
- Bluetooth speakers : w:5-60 col
pl głośnik bluetooth, głośnik, kolumna przenośna
uk колонка, портативна колонка, акустика
ru колонка, портативная колонка, акустика
en bluetooth speaker, portable speaker
## Photo and video
- Cameras : mp col
pl aparat fotograficzny, aparat cyfrowy, lustrzanka
uk фотоапарат, дзеркальна камера, камера
ru фотоаппарат, зеркальная камера, камера
en camera, digital camera, mirrorless camera
- Camera bags < Cameras : col fab
pl torba fotograficzna, futerał na aparat, plecak foto
uk сумка для фотоапарата, фоторюкзак
ru сумка для фотоаппарата, фоторюкзак, кофр
en camera bag, camera case
- Memory cards : gb:16-512
pl karta pamięci, karta microsd, karta sd
uk карта пам'яті, карта microsd
ru карта памяти, карта microsd, флеш карта
en memory card, micro sd card
## Tablets and readers
- Tablets : inch:7-11 gb:32-256 col
pl tablet, tablet graficzny, tablet lte
uk планшет, планшетний пк
ru планшет, планшетный компьютер
en tablet, tablet pc
- Tablet cases < Tablets : inch:7-11 col fab
pl etui na tablet, pokrowiec, etui z klawiaturą
uk чохол для планшета, чохол-обкладинка
ru чехол для планшета, обложка
en tablet case, folio case
- E-readers : inch:6.1-8 gb:8-32
pl czytnik ebook, czytnik e-book, czytnik
uk електронна книга, рідер
ru электронная книга, ридер
en e-reader, ebook reader
## Wearables
- Smart watches : mm:40-44 col
pl smartwatch, zegarek sportowy, opaska sportowa, zegarek
uk смарт-годинник, фітнес-браслет, годинник
ru смарт-часы, умные часы, фитнес-браслет
en smartwatch, fitness band, watch
- Watch straps < Smart watches : mm:18-25 col fab
pl pasek do zegarka, bransoleta, pasek
uk ремінець, браслет для годинника
ru ремешок, браслет для часов
en watch strap, watch band
## Gaming
- Game consoles : gb:256-1000 col
pl konsola, konsola do gier
uk ігрова консоль, приставка
ru игровая приставка, консоль
en game console, console
- Game controllers < Game consoles : col
pl pad, kontroler, gamepad
uk геймпад, джойстик
ru геймпад, джойстик, контроллер
en gamepad, controller
## Cables and adapters : m:0.5-10 col
pl kabel, kabel usb-c, przejściówka, adapter, przewód hdmi
uk кабель, перехідник, шнур, адаптер
ru кабель, переходник, шнур, адаптер
en cable, adapter, hdmi cable

# Appliances @tech
## Kitchen appliances
- Electric kettles : l:1-2.5 w:1500-2400 col mat
pl czajnik elektryczny, czajnik, czajnik bezprzewodowy
uk електрочайник, чайник електричний, чайник
ru чайник электрический, электрочайник, чайник
en electric kettle, kettle, cordless kettle
- Coffee machines : bar w:800-1800 col
pl ekspres do kawy, ekspres ciśnieniowy, ekspres
uk кавоварка, кавова машина, кавомашина
ru кофеварка, кофемашина, кофеварка рожковая
en coffee machine, espresso machine, coffee maker
- Toasters : w:600-1200 col
pl toster, opiekacz, opiekacz do kanapek
uk тостер, бутербродниця, сендвічниця
ru тостер, бутербродница, сэндвичница
en toaster, sandwich maker
- Blenders : w:500-1500 l:0.5-2 col
pl blender, blender ręczny, blender kielichowy, mikser
uk блендер, блендер занурювальний, міксер
ru блендер, блендер погружной, миксер
en blender, hand blender, mixer
- Microwave ovens : l:20-30 w:750-1000 col
pl kuchenka mikrofalowa, mikrofalówka, mikrofala
uk мікрохвильова піч, мікрохвильовка
ru микроволновая печь, микроволновка, СВЧ
en microwave oven, microwave
- Multicookers : l:3-10 w:500-1500
pl multicooker, wolnowar, frytownica beztłuszczowa
uk мультиварка, мультипіч, фритюрниця
ru мультиварка, скороварка, аэрогриль
en multicooker, slow cooker, air fryer
## Large appliances
- Fridges : cm:140-200 l:120-240 col
pl lodówka, chłodziarko-zamrażarka, chłodziarka
uk холодильник, морозильна камера
ru холодильник, морозильник
en fridge, fridge freezer
- Washing machines : kg:5-12 rpm
pl pralka, pralka slim, pralko-suszarka
uk пральна машина, пральна машинка
ru стиральная машина, стиралка, стир. машина
en washing machine, washer
- Cookers and hobs : cm:45-56 w:1800-2400 col
pl kuchnia gazowa, płyta indukcyjna, piekarnik, kuchenka
uk плита газова, варильна поверхня, духовка
ru плита газовая, варочная панель, духовой шкаф, плита
en cooker, induction hob, oven
## Floor care
- Vacuum cleaners : w:500-2400 l:0.5-3 col
pl odkurzacz, odkurzacz pionowy, robot sprzątający
uk пилосос, робот-пилосос, пилосмок
ru пылесос, робот-пылесос, пылесос верт.
en vacuum cleaner, robot vacuum, hoover
- Vacuum cleaner bags < Vacuum cleaners : pcs:3-12
pl worki do odkurzacza, worek, filtr do odkurzacza
uk мішок для пилососа, мішки, фільтр hepa
ru мешок для пылесоса, пылесборник, фильтр hepa
en vacuum bags, dust bags, hepa filter
## Climate
- Heaters : w:500-2400 col
pl grzejnik, grzejnik olejowy, farelka, termowentylator
uk обігрівач, конвектор, тепловентилятор
ru обогреватель, конвектор, тепловентилятор
en heater, fan heater, oil radiator
- Fans : w:25-60 cm:24-45 col
pl wentylator, wiatrak, wentylator stojący
uk вентилятор, вентилятор підлоговий
ru вентилятор, вентилятор напольный
en fan, tower fan
- Humidifiers : l:1.5-5 w:18-40
pl nawilżacz powietrza, nawilżacz, oczyszczacz
uk зволожувач повітря, очищувач повітря
ru увлажнитель воздуха, очиститель воздуха
en humidifier, air purifier
## Ironing
- Irons : w:1800-2400 col
pl żelazko, żelazko parowe, generator pary, parownica
uk праска, парова праска, відпарювач
ru утюг, паровой утюг, отпариватель
en iron, steam iron, garment steamer
## Personal care appliances
- Hair dryers : w:1000-2400 col
pl suszarka do włosów, suszarka, prostownica, lokówka
uk фен, праска для волосся, плойка
ru фен, выпрямитель для волос, плойка
en hair dryer, hair straightener
- Electric shavers : v:1.5-3.7 col
pl golarka, golarka elektryczna, trymer, maszynka do strzyżenia
uk електробритва, бритва, тример, машинка для стрижки
ru электробритва, бритва, триммер, машинка для стрижки
en electric shaver, trimmer, shaver
- Electric toothbrushes : v:1.5-3.7 col
pl szczoteczka elektryczna, szczoteczka soniczna
uk електрична зубна щітка, звукова щітка
ru электрическая зубная щетка, зубная щетка
en electric toothbrush, sonic toothbrush
- Toothbrush heads < Electric toothbrushes : pcs:2-8
pl końcówki do szczoteczki, końcówka, główki wymienne
uk насадка, насадки для щітки
ru насадка, насадки для щетки, сменная насадка
en brush heads, replacement heads
`;
