/** Beauty and health. The format is that of ../vocabulary.ts. */
export const beauty = `
# Beauty @beauty
## Hair care
- Shampoos : ml:200-1000 scent
pl szampon, szampon do włosów, szampon przeciwłupieżowy
uk шампунь, шампунь для волосся
ru шампунь, шампунь для волос, шампунь от перхоти
en shampoo, hair shampoo
- Conditioners and masks : ml:150-500 scent
pl odżywka do włosów, odżywka, maska do włosów
uk бальзам для волосся, кондиціонер, маска для волосся
ru бальзам для волос, кондиционер, маска для волос
en hair conditioner, conditioner, hair mask
- Hair dye : ml:50-150 col
pl farba do włosów, szamponetka, rozjaśniacz
uk фарба для волосся, тонік
ru краска для волос, крем-краска, тоник
en hair dye, hair colour
## Face care
- Face creams : ml:30-75 spf
pl krem do twarzy, krem, krem na noc, krem przeciwzmarszczkowy
uk крем для обличчя, крем, крем нічний
ru крем для лица, крем, крем ночной
en face cream, cream, anti-age cream
- Face masks : ml:15-75 pcs:2-10
pl maseczka do twarzy, maseczka w płachcie, maska
uk маска для обличчя, тканинна маска, маска
ru маска для лица, тканевая маска, маска
en face mask, sheet mask
- Cleansers : ml:100-400
pl żel do mycia twarzy, płyn micelarny, tonik, peeling
uk гель для вмивання, міцелярна вода, тонік
ru гель для умывания, мицеллярная вода, скраб
en face wash, micellar water, cleanser
- Serums : ml:15-50
pl serum, serum do twarzy, ampułki
uk сироватка, сироватка для обличчя
ru сыворотка, сыворотка для лица
en serum, face serum
## Body care
- Shower gels : ml:200-1000 scent
pl żel pod prysznic, płyn do kąpieli, żel
uk гель для душу, піна для ванни
ru гель для душа, пена для ванны
en shower gel, bath foam
- Body lotions : ml:150-500 scent
pl balsam do ciała, mleczko do ciała, masło do ciała
uk лосьйон для тіла, молочко для тіла, крем для тіла
ru лосьон для тела, молочко для тела, масло для тела
en body lotion, body butter
- Hand creams : ml:50-100 scent
pl krem do rąk, krem, krem do stóp
uk крем для рук, крем, крем для ніг
ru крем для рук, крем, крем для ног
en hand cream, foot cream, cream
- Soap : g:80-150 ml:250-1000 scent
pl mydło, mydło w płynie, mydło w kostce
uk мило, рідке мило, мило туалетне
ru мыло, жидкое мыло, мыло туалетное
en soap, liquid soap, soap bar
- Deodorants : ml:50-250 sex
pl dezodorant, antyperspirant, dezodorant w kulce
uk дезодорант, антиперспірант
ru дезодорант, антиперспирант, дезик
en deodorant, antiperspirant
## Make-up
- Lipsticks : col
pl szminka, pomadka, błyszczyk, konturówka
uk помада, блиск для губ, губна помада
ru помада, блеск для губ, губная помада
en lipstick, lip gloss
- Mascara and eyeliners : col
pl tusz do rzęs, maskara, eyeliner, tusz
uk туш для вій, підводка, туш
ru тушь для ресниц, подводка, тушь
en mascara, eyeliner
- Foundation and powder : ml:15-50 col
pl podkład, puder, korektor, fluid
uk тональний крем, пудра, консилер
ru тональный крем, пудра, консилер
en foundation, face powder, concealer
- Nail polish : ml:15-30 col
pl lakier do paznokci, lakier hybrydowy, lakier
uk лак для нігтів, гель-лак, лак
ru лак для ногтей, гель-лак, лак
en nail polish, gel polish
## Shaving
- Razors : col sex
pl maszynka do golenia, maszynka, brzytwa
uk бритва, станок для гоління, бритвений верстат
ru бритва, станок для бритья, бритвенный станок
en razor, safety razor
- Razor blades < Razors : pcs:2-20
pl wkłady do maszynki, ostrza, żyletki
uk змінні касети, леза, картриджі для гоління
ru сменные кассеты, лезвия, кассеты для бритья
en razor blades, replacement blades
- Shaving foam : ml:100-300
pl pianka do golenia, żel do golenia, woda po goleniu
uk піна для гоління, гель для гоління
ru пена для бритья, гель для бритья, лосьон после бритья
en shaving foam, shaving gel, aftershave
## Oral care
- Toothpaste : ml:75-150
pl pasta do zębów, pasta, pasta wybielająca
uk зубна паста, паста
ru зубная паста, паста
en toothpaste, whitening toothpaste
- Manual toothbrushes : pcs:2-4 col
pl szczoteczka do zębów, szczoteczka, nić dentystyczna
uk зубна щітка, щітка зубна
ru зубная щетка, щетка зубная, зубная нить
en toothbrush, dental floss
## Perfume
- Women's perfume : ml:15-150
pl perfumy damskie, woda perfumowana, woda toaletowa damska, tester
uk парфуми жіночі, парфумована вода, туалетна вода
ru духи женские, парфюмерная вода, туалетная вода жен.
en eau de parfum, women perfume
- Men's perfume : ml:15-150
pl perfumy męskie, woda toaletowa, woda kolońska
uk парфуми чоловічі, туалетна вода, одеколон
ru туалетная вода муж., одеколон, туалетная вода
en eau de toilette, men cologne
## Sun protection : ml:50-250 spf
pl krem z filtrem, olejek do opalania, balsam po opalaniu
uk сонцезахисний крем, крем для засмаги
ru солнцезащитный крем, масло для загара
en sunscreen, sun cream, after sun

# Health @health
## Vitamins and minerals
- Vitamins : mg caps
pl witamina C, witamina D3, multiwitamina, witaminy
uk вітамін C, вітамін Д3, вітаміни
ru витамин С, витамин Д3, витамины
en vitamin c, vitamin d3, multivitamin
- Minerals : mg caps
pl magnez, cynk, żelazo, wapń, magnez b6
uk магній, цинк, кальцій
ru магний, цинк, кальций
en magnesium, zinc, calcium
- Omega and fish oil : mg caps
pl omega 3, tran, olej z rekina
uk омега 3, риб'ячий жир
ru омега 3, рыбий жир
en omega 3, fish oil
## Medical devices
- Blood pressure monitors : col
pl ciśnieniomierz, ciśnieniomierz naramienny
uk тонометр, тонометр автоматичний
ru тонометр, тонометр автоматический
en blood pressure monitor
- Pressure cuffs < Blood pressure monitors : cm:20-45
pl mankiet do ciśnieniomierza, mankiet
uk манжета для тонометра, манжета
ru манжета для тонометра, манжета
en replacement cuff, arm cuff
- Thermometers : col
pl termometr, termometr bezdotykowy, termometr elektroniczny
uk термометр, градусник
ru термометр, градусник
en thermometer, infrared thermometer
- Inhalers : col
pl inhalator, nebulizator
uk інгалятор, небулайзер
ru ингалятор, небулайзер
en nebulizer, inhaler
- Glucose meters :
pl glukometr
uk глюкометр
ru глюкометр
en glucose meter
- Test strips < Glucose meters : pcs:10-100
pl paski testowe, paski, test
uk тест-смужки, смужки
ru тест-полоски, полоски
en test strips, strips
## First aid
- Plasters and bandages : pcs:10-100 cm:5-15
pl plaster, bandaż, opatrunek, gaza
uk пластир, бинт, марля
ru пластырь, бинт, лейкопластырь
en plasters, bandage, dressing
- Disinfectants : ml:100-1000 l:1-5
pl płyn do dezynfekcji, żel antybakteryjny, woda utleniona
uk антисептик, засіб дезінфекції, перекис водню
ru антисептик, дезинфицирующее средство, перекись
en hand sanitiser, disinfectant
## Cold and flu
- Cough and throat : ml:100-250 pcs:10-36
pl syrop na kaszel, tabletki na gardło, pastylki
uk сироп від кашлю, пастилки для горла
ru сироп от кашля, пастилки для горла, таблетки от кашля
en cough syrup, throat lozenges
- Nasal sprays : ml:15-30
pl spray do nosa, krople do nosa, woda morska
uk спрей для носа, краплі в ніс
ru спрей для носа, капли в нос
en nasal spray, nose drops
## Eye care
- Contact lenses : pcs:2-30 dpt
pl soczewki kontaktowe, soczewki miesięczne, soczewki
uk контактні лінзи, лінзи
ru контактные линзы, линзы
en contact lenses, daily lenses
- Lens solution < Contact lenses : ml:100-400
pl płyn do soczewek, krople do oczu
uk розчин для лінз, краплі для очей
ru раствор для линз, капли для глаз
en lens solution, eye drops
## Orthopaedics
- Insoles : shoe
pl wkładki ortopedyczne, wkładki do butów
uk устілки ортопедичні, устілки
ru стельки ортопедические, стельки
en insoles, orthopaedic insoles
- Supports and braces : size
pl opaska na kolano, stabilizator, orteza, pas lędźwiowy
uk бандаж, наколінник, ортез
ru бандаж, наколенник, ортез
en knee brace, back support
## Intimate health : pcs:3-36
pl prezerwatywy, test ciążowy, podpaski, lubrykant
uk презервативи, тест на вагітність, прокладки
ru презервативы, тест на беременность, прокладки
en condoms, pregnancy test, sanitary pads
`;
