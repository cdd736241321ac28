/** Pets, motoring and sport. The format is that of ../vocabulary.ts. */
export const leisure = `
# Pets @pets
## Dogs
- Dry dog food : kg:1-20
pl karma dla psa, sucha karma, karma sucha dla psów, karma
uk корм для собак, сухий корм, корм
ru корм для собак, сухой корм, корм
en dry dog food, dog food
- Wet dog food : g:100-800 pcs:4-24 flav
pl karma mokra dla psa, puszka dla psa, saszetka
uk консерви для собак, вологий корм, пауч
ru консервы для собак, влажный корм, пауч
en wet dog food, canned dog food
- Dog treats : g:50-500 pcs:2-20
pl przysmak dla psa, gryzak, kość dla psa
uk ласощі для собак, кістка
ru лакомство для собак, косточка
en dog treats, chew bone
- Bowls and feeders < Dry dog food : ml:200-1000 cm:10-30 col
pl miska dla psa, miska, pojemnik na karmę, automat na karmę
uk миска для собак, миска, контейнер для корму
ru миска для собак, миска, контейнер для корма
en dog bowl, pet feeder
- Leads and collars : cm:20-200 col fab
pl smycz, obroża, szelki dla psa
uk повідець, нашийник, шлея
ru поводок, ошейник, шлейка
en dog lead, collar, harness
## Cats
- Cat food : kg:0.5-15 g:80-400 flav
pl karma dla kota, karma, saszetki dla kota
uk корм для котів, корм, корм для кішок
ru корм для кошек, корм, корм для котов
en cat food, kitten food
- Cat litter : l:5-30 kg:5-20 scent
pl żwirek, żwirek dla kota, podłoże dla kota
uk наповнювач, наповнювач для котячого туалету
ru наполнитель, наполнитель для туалета
en cat litter, clumping litter
- Litter trays < Cat litter : cm:35-62 col
pl kuweta, kuweta kryta, łopatka do kuwety
uk лоток для котів, туалет для котів
ru лоток для кошек, туалет для кошек
en litter tray, litter box
- Scratching posts and beds : cm:40-180 col
pl drapak, legowisko, posłanie
uk кігтеточка, лежанка, дряпка
ru когтеточка, лежанка, лежак
en scratching post, pet bed
## Aquarium
- Aquariums : l:20-240 cm:30-120
pl akwarium, akwarium z pokrywą, terrarium
uk акваріум, тераріум
ru аквариум, террариум
en aquarium, fish tank
- Aquarium equipment < Aquariums : w:5-100
pl filtr do akwarium, pompka, grzałka, oświetlenie akwarium
uk фільтр для акваріума, помпа, компресор
ru фильтр для аквариума, помпа, компрессор
en aquarium filter, air pump, heater
- Fish food : ml:50-250 g:15-100
pl pokarm dla ryb, karma dla rybek
uk корм для риб, корм
ru корм для рыб, корм
en fish food, fish flakes
## Birds and rodents
- Cages : cm:40-120 col
pl klatka dla gryzoni, klatka, klatka dla papug
uk клітка для гризунів, клітка
ru клетка для грызунов, клетка
en hamster cage, bird cage
- Bird and rodent food : g:400-800 kg:0.5-5
pl karma dla królika, pokarm dla papug, siano
uk корм для папуг, корм для гризунів
ru корм для попугаев, корм для грызунов
en bird seed, rabbit food
## Pet hygiene : ml:50-400 pcs:2-6
pl szampon dla psa, krople na kleszcze, obroża na pchły, szczotka dla psa
uk шампунь для собак, краплі від бліх, щітка для собак
ru шампунь для собак, капли от блох, пуходерка
en pet shampoo, flea drops, pet brush

# Motoring @auto
## Tyres and wheels
- Summer tyres : tyre
pl opona letnia, opony letnie, opona
uk шина літня, літні шини, шина
ru шина летняя, летняя резина, шина
en summer tyre, tyre
- Winter tyres : tyre
pl opona zimowa, opony zimowe, opona
uk шина зимова, зимові шини, шина
ru шина зимняя, зимняя резина, шина
en winter tyre, tyre
- Wheel rims : inch:14-17 col
pl felga aluminiowa, felgi, kołpaki
uk диск литий, колісні диски, ковпаки
ru диск литой, колесные диски, колпаки
en alloy wheel, wheel rim, hubcaps
## Oils and fluids
- Engine oil : oil l:1-5
pl olej silnikowy, olej, olej syntetyczny
uk олива моторна, масло моторне, олива
ru масло моторное, масло синт., масло
en engine oil, motor oil, oil
- Coolants and washer fluids : l:1-10
pl płyn chłodniczy, płyn do spryskiwaczy, płyn hamulcowy
uk антифриз, омивач скла, гальмівна рідина
ru антифриз, омыватель стекла, тосол
en antifreeze, screen wash, brake fluid
## Car parts
- Brake parts : mm:230-350
pl klocki hamulcowe, tarcza hamulcowa, klocki
uk гальмівні колодки, диск гальмівний, колодки
ru тормозные колодки, диск тормозной, колодки
en brake pads, brake disc
- Filters : mm:50-150
pl filtr oleju, filtr powietrza, filtr kabinowy, filtr
uk фільтр оливи, фільтр повітряний, фільтр
ru фильтр масляный, фильтр воздушный, фильтр
en oil filter, air filter, cabin filter
- Spark plugs and ignition : pcs:2-6
pl świeca zapłonowa, świece, cewka zapłonowa
uk свічка запалювання, котушка запалювання
ru свеча зажигания, свечи, катушка зажигания
en spark plug, ignition coil
- Car batteries : ah v:12-12
pl akumulator, akumulator samochodowy, prostownik
uk акумулятор, акумулятор автомобільний
ru аккумулятор, АКБ, аккумулятор автомобильный
en car battery, battery
- Wiper blades : mm:350-450
pl wycieraczki, pióro wycieraczki, wycieraczka
uk щітки склоочисника, двірники
ru щетки стеклоочистителя, дворники
en wiper blades, wiper
## Car interior
- Car mats : col fab
pl dywaniki samochodowe, dywaniki gumowe, mata bagażnika
uk килимки автомобільні, килимок в багажник
ru коврики автомобильные, коврик в багажник
en car mats, boot liner
- Phone holders < Smartphones : col
pl uchwyt samochodowy, uchwyt na telefon, uchwyt
uk автотримач, тримач для телефону
ru автодержатель, держатель для телефона
en car phone holder, phone mount
- Dash cams : gb:16-128
pl wideorejestrator, kamera samochodowa, rejestrator jazdy
uk відеореєстратор, реєстратор
ru видеорегистратор, регистратор
en dash cam, car camera
## Car care
- Car cosmetics : ml:250-1000 l:1-5
pl szampon samochodowy, wosk do auta, czernidło do opon
uk автошампунь, поліроль, віск
ru автошампунь, полироль, воск
en car shampoo, car wax, polish
- Air fresheners : ml:15-100 scent
pl zapach do auta, odświeżacz, choinka zapachowa
uk ароматизатор, пахучка в авто
ru ароматизатор, вонючка в машину, освежитель
en car air freshener, air freshener
## Car audio and navigation : w:20-100 inch:7-10.1
pl radio samochodowe, głośniki samochodowe, nawigacja gps
uk автомагнітола, автоакустика, навігатор
ru автомагнитола, автоакустика, навигатор
en car radio, car speakers, gps navigation

# Sport @sport
## Cycling
- Bicycles : inch:20-29 col
pl rower, rower górski, rower miejski
uk велосипед, велосипед гірський
ru велосипед, велосипед горный
en bicycle, mountain bike, bike
- Bicycle tyres and tubes < Bicycles : inch:20-29 mm:25-50
pl opona rowerowa, dętka, opona
uk покришка, камера велосипедна
ru покрышка, камера велосипедная
en bike tyre, inner tube
- Bicycle lights and locks < Bicycles : col
pl lampka rowerowa, zapięcie rowerowe, dzwonek
uk ліхтар велосипедний, велозамок
ru фонарь велосипедный, велозамок
en bike light, bike lock
- Helmets : size col
pl kask rowerowy, kask, kask dziecięcy
uk шолом велосипедний, шолом
ru шлем велосипедный, шлем
en cycling helmet, helmet
## Fitness
- Weights : kg:0.5-25 mat
pl hantle, obciążenie, sztanga, kettlebell
uk гантелі, штанга, гиря
ru гантели, штанга, гиря
en dumbbells, kettlebell, weight plates
- Mats and bands : cm:150-200 col
pl mata do ćwiczeń, mata, taśma oporowa, piłka gimnastyczna
uk килимок для йоги, килимок, еспандер
ru коврик для йоги, коврик, эспандер
en yoga mat, mat, resistance bands
## Camping
- Tents : pers col
pl namiot, namiot turystyczny, tarp
uk намет, палатка
ru палатка, шатер
en tent, camping tent
- Sleeping bags and mats : cm:180-200 col
pl śpiwór, karimata, materac dmuchany
uk спальник, спальний мішок, каремат
ru спальник, спальный мешок, каремат
en sleeping bag, camping mat
- Torches : lm col
pl latarka, latarka czołowa, czołówka
uk ліхтар, ліхтарик налобний
ru фонарь, фонарик налобный
en torch, headlamp, flashlight
## Fishing
- Rods and reels : m:1.5-5
pl wędka, kołowrotek, spinning
uk вудка, спінінг, котушка
ru удочка, спиннинг, катушка
en fishing rod, fishing reel
- Lures and line < Rods and reels : g:15-50 m:50-100
pl wobler, żyłka, plecionka, przynęta, haczyki
uk воблер, волосінь, шнур, приманка
ru воблер, леска, шнур, приманка
en fishing lure, fishing line, hooks
## Team sports : size col
pl piłka nożna, piłka, bramka, ochraniacze
uk м'яч футбольний, м'яч, щитки
ru мяч футбольный, мяч, щитки
en football, ball, shin guards
## Winter sports
- Skis and skates : cm:140-180 size
pl narty, łyżwy, snowboard
uk лижі, ковзани, сноуборд
ru лыжи, коньки, сноуборд
en skis, ice skates, snowboard
- Goggles : col
pl gogle narciarskie, gogle, okulary narciarskie
uk маска лижна, окуляри лижні
ru маска горнолыжная, очки горнолыжные
en ski goggles, goggles
## Sports nutrition
- Protein : g:500-800 kg:0.5-5 flav
pl odżywka białkowa, białko, wpc, baton proteinowy
uk протеїн, протеїновий батончик, сироватковий протеїн
ru протеин, протеиновый батончик, гейнер
en whey protein, protein, protein bar
- Creatine and amino acids : g:200-500 caps flav
pl kreatyna, bcaa, aminokwasy
uk креатин, амінокислоти, bcaa
ru креатин, аминокислоты, bcaa
en creatine, bcaa, amino acids
`;
