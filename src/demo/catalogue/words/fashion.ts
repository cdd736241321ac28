/** Fashion and children. The format is that of ../vocabulary.ts. */
export const fashion = `
# Fashion @fashion
## Women's clothing
- Dresses : size col fab
pl sukienka, sukienka letnia, sukienka mini, suknia
uk сукня, плаття, сарафан
ru платье, сарафан, платье летнее
en dress, summer dress
- Blouses and tops : size col fab
pl bluzka, koszula damska, top, tunika
uk блузка, блуза, топ
ru блузка, блуза, топ, туника
en blouse, women top
- Skirts : size col fab
pl spódnica, spódniczka, spódnica midi
uk спідниця, спідниця міді
ru юбка, юбка миди
en skirt, midi skirt
- Women's trousers : size col fab
pl spodnie damskie, jeansy damskie, legginsy, rurki
uk штани жіночі, джинси жіночі, лосини
ru брюки женские, джинсы женские, леггинсы
en women trousers, women jeans, leggings
## Men's clothing
- Men's shirts : size col fab
pl koszula męska, koszula, koszula slim
uk сорочка чоловіча, сорочка
ru рубашка мужская, рубашка, сорочка
en men shirt, shirt
- Men's T-shirts : size col
pl koszulka męska, t-shirt, koszulka polo, podkoszulek
uk футболка чоловіча, футболка, поло
ru футболка мужская, футболка, поло
en men t-shirt, t-shirt, polo shirt
- Men's trousers : size col fab
pl spodnie męskie, jeansy męskie, spodnie, spodenki
uk штани чоловічі, джинси чоловічі, шорти
ru брюки мужские, джинсы мужские, шорты
en men trousers, men jeans, shorts
## Jumpers and outerwear
- Jumpers and hoodies : size col sex
pl bluza, sweter, bluza z kapturem, kardigan
uk светр, худі, кофта, толстовка
ru свитер, худи, толстовка, джемпер
en hoodie, jumper, sweatshirt
- Jackets and coats : size col sex
pl kurtka, płaszcz, kurtka zimowa, kamizelka
uk куртка, пальто, пуховик
ru куртка, пальто, пуховик, жилет
en jacket, coat, parka
## Underwear
- Socks and tights : size pcs:2-12 col
pl skarpety, skarpetki, rajstopy, stopki
uk шкарпетки, колготки, носки
ru носки, колготки, гольфы
en socks, tights
- Bras : size col
pl biustonosz, stanik, biustonosz push-up
uk бюстгальтер, ліфчик, бюстик
ru бюстгальтер, лифчик, бюст
en bra, push-up bra
- Pants and boxers : size pcs:2-6 col
pl bokserki, majtki, slipy, figi
uk труси, боксери, трусики
ru трусы, боксеры, трусики
en boxers, briefs
## Shoes
- Trainers : shoe col sex
pl buty sportowe, sneakersy, adidasy, buty do biegania
uk кросівки, кеди, снікерси
ru кроссовки, кеды, сникерсы
en trainers, sneakers, running shoes
- Boots : shoe col sex
pl botki, kozaki, trapery, buty zimowe
uk черевики, чоботи, ботильйони
ru ботинки, сапоги, ботильоны
en boots, ankle boots
- Sandals and slippers : shoe col sex
pl sandały, klapki, kapcie, japonki
uk сандалі, шльопанці, капці
ru сандалии, шлепанцы, тапочки
en sandals, flip flops, slippers
- Shoe care < Boots : ml:50-250 col
pl pasta do butów, sznurowadła, impregnat do obuwia
uk крем для взуття, шнурки, засіб для взуття
ru крем для обуви, шнурки, губка для обуви
en shoe polish, shoe laces
## Bags
- Handbags : col fab
pl torebka, torebka damska, listonoszka, kopertówka
uk сумка жіноча, сумочка, клатч
ru сумка женская, сумочка, клатч
en handbag, shoulder bag
- Backpacks : l:10-30 col
pl plecak, plecak miejski, worek
uk рюкзак, рюкзак міський
ru рюкзак, рюкзак городской
en backpack, rucksack
- Wallets : col fab
pl portfel, portfel męski, portmonetka
uk гаманець, портмоне
ru кошелек, портмоне
en wallet, purse
- Suitcases : l:30-120 cm:50-80 col
pl walizka, walizka kabinowa, torba podróżna
uk валіза, дорожня сумка
ru чемодан, дорожная сумка
en suitcase, travel bag
## Fashion accessories
- Belts : cm:80-128 col fab
pl pasek, pasek skórzany, pasek męski
uk ремінь, пояс, пасок
ru ремень, пояс
en belt, leather belt
- Hats, scarves and gloves : size col fab
pl czapka, szalik, rękawiczki, kapelusz
uk шапка, шарф, рукавички
ru шапка, шарф, перчатки
en hat, scarf, gloves
- Sunglasses : col sex
pl okulary przeciwsłoneczne, okulary, okulary polaryzacyjne
uk сонцезахисні окуляри, окуляри
ru солнцезащитные очки, очки
en sunglasses, glasses
## Jewellery : gem
pl biżuteria, zawieszka, bransoletka, komplet biżuterii
uk біжутерія, підвіска, браслет
ru бижутерия, подвеска, браслет
en jewellery, pendant, bracelet
- Earrings : gem col
pl kolczyki, kolczyki wiszące
uk сережки, кульчики
ru серьги, сережки
en earrings, stud earrings
- Rings : gem size
pl pierścionek, obrączka, sygnet
uk каблучка, обручка, перстень
ru кольцо, обручальное кольцо
en ring, wedding ring
- Wrist watches : mm:32-44 sex col
pl zegarek, zegarek damski, zegarek męski
uk годинник наручний, годинник
ru часы наручные, часы
en wrist watch, watch

# Children @kids
## Toys : age col
pl zabawka, zabawka interaktywna, zestaw dla dzieci
uk іграшка, іграшка розвиваюча, дитячий набір
ru игрушка, игрушка развивающая, детский набор
en toy, educational toy
- Building bricks : pcs:24-1000 age
pl klocki, klocki konstrukcyjne, zestaw klocków
uk конструктор, кубики
ru конструктор, кубики
en building blocks, brick set
- Dolls : cm:20-50 age
pl lalka, lalka bobas, domek dla lalek
uk лялька, пупс
ru кукла, пупс
en doll, baby doll
- Soft toys : cm:15-150 col
pl maskotka, pluszak, miś pluszowy
uk м'яка іграшка, ведмедик плюшевий
ru мягкая игрушка, мишка плюшевый
en soft toy, plush bear
- Toy vehicles : col age
pl samochodzik, auto zdalnie sterowane, kolejka
uk машинка, машина на радіокеруванні
ru машинка, машина на радиоуправлении
en toy car, rc car
- Board games and puzzles : pcs:24-1000 age
pl gra planszowa, puzzle, gra karciana
uk настільна гра, пазли
ru настольная игра, пазл, пазлы
en board game, jigsaw puzzle
## Baby care
- Nappies : pcs:20-120 kg:3-15
pl pieluchy, pieluszki, pieluchomajtki
uk підгузки, памперси, трусики-підгузки
ru подгузники, памперсы, подгузники-трусики
en nappies, diapers
- Wet wipes : pcs:48-120
pl chusteczki nawilżane, chusteczki
uk вологі серветки, серветки дитячі
ru влажные салфетки, салфетки детские
en baby wipes, wet wipes
- Baby bottles and dummies : ml:100-330 pcs:2-3 col
pl butelka dla niemowląt, smoczek, butelka antykolkowa
uk пляшечка, пустушка, соска
ru бутылочка, пустышка, соска
en baby bottle, pacifier, dummy
- Baby cosmetics : ml:100-500
pl oliwka dla dzieci, szampon dla dzieci, krem na odparzenia
uk дитяча олія, дитячий шампунь, крем під підгузок
ru детское масло, детский шампунь, крем под подгузник
en baby oil, baby shampoo, nappy cream
## Baby food
- Infant formula : g:350-800 age
pl mleko modyfikowane, mleko następne, kaszka
uk молочна суміш, суміш дитяча, каша дитяча
ru молочная смесь, смесь детская, каша детская
en infant formula, baby milk
- Purees and snacks : g:80-200 flav age
pl deserek, obiadek, mus owocowy dla dzieci
uk пюре дитяче, пюре
ru пюре детское, пюре
en baby puree, baby snack
## Prams and car seats
- Prams : col
pl wózek dziecięcy, wózek spacerowy, wózek
uk коляска, коляска прогулянкова, візок
ru коляска, коляска прогулочная
en pram, pushchair, stroller
- Pram accessories < Prams : col
pl folia do wózka, śpiworek do wózka, torba do wózka, moskitiera
uk дощовик на коляску, сумка для коляски, муфта
ru дождевик на коляску, сумка для коляски, муфта
en pram rain cover, stroller bag
- Car seats : kg:10-25 col
pl fotelik samochodowy, fotelik, podstawka
uk автокрісло, бустер
ru автокресло, бустер
en car seat, booster seat
## Children's clothing
- Baby clothes : cm:56-92 col
pl body niemowlęce, pajacyk, śpioszki, komplet niemowlęcy
uk боді дитячий, чоловічок, повзунки
ru боди детский, комбинезон, ползунки
en baby bodysuit, romper
- Children's outfits : cm:92-160 col
pl bluza dziecięca, spodnie dziecięce, sukienka dla dziewczynki, kurtka dziecięca
uk футболка дитяча, сукня для дівчинки, куртка дитяча
ru футболка детская, платье для девочки, куртка детская
en kids t-shirt, girls dress, kids jacket
- Children's shoes : shoe col
pl buty dziecięce, kapcie dziecięce, buciki
uk кросівки дитячі, капці дитячі
ru кроссовки детские, тапочки детские
en kids shoes, kids trainers
## School
- School bags : l:10-30 col
pl tornister, plecak szkolny
uk ранець, рюкзак шкільний
ru ранец, рюкзак школьный
en school bag, school backpack
- Pencil cases < School bags : col
pl piórnik, saszetka szkolna, worek na buty
uk пенал, сумка для взуття
ru пенал, мешок для обуви
en pencil case
`;
