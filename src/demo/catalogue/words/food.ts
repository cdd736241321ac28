/** Food and drink. The format is that of ../vocabulary.ts. */
export const food = `
# Food @food
## Dairy
- Cheese : g:100-500
pl ser żółty, ser gouda, ser plastry, twaróg, ser
uk сир твердий, сир гауда, сир, сир кисломолочний
ru сыр твердый, сыр гауда, сыр, творог
en cheese, gouda slices, cottage cheese
- Yoghurt : g:100-450 flav
pl jogurt, jogurt pitny, serek homogenizowany, jog. naturalny
uk йогурт, йогурт питний, сирок
ru йогурт, йогурт питьевой, сырок
en yoghurt, drinking yoghurt
- Milk and butter : ml:200-1000 l:0.5-1.5
pl mleko, masło, śmietana, mleko uht
uk молоко, масло, сметана, вершки
ru молоко, масло сливочное, сметана, сливки
en milk, butter, cream
## Meat and fish
- Sausages and ham : g:100-800
pl kiełbasa, szynka, parówki, wędlina, kabanosy
uk ковбаса, шинка, сосиски
ru колбаса, ветчина, сосиски, сардельки
en sausage, ham, frankfurters
- Canned fish : g:80-300
pl tuńczyk w puszce, śledź, sardynki w oleju, konserwa rybna
uk тунець консервований, шпроти, оселедець
ru тунец консервированный, шпроты, сельдь, рыбн. консервы
en canned tuna, sardines, herring
- Ready meals : g:250-800
pl pierogi, pizza mrożona, danie gotowe, zupa błyskawiczna
uk вареники, пельмені, піца заморожена
ru пельмени, вареники, пицца замороженная, лапша б/п
en frozen pizza, dumplings, instant soup
## Bakery
- Bread : g:250-800
pl chleb, bułki, chleb tostowy, pieczywo
uk хліб, булочка, батон
ru хлеб, булочка, батон
en bread, toast bread, buns
- Biscuits and cakes : g:100-500 flav
pl ciastka, herbatniki, wafle, ciasto, pierniki
uk печиво, вафлі, пряники, кекс
ru печенье, вафли, пряники, кекс
en biscuits, cookies, wafers
## Sweets
- Chocolate : g:20-300 flav
pl czekolada, baton, czekolada mleczna, bombonierka
uk шоколад, батончик, шоколад молочний
ru шоколад, батончик, шоколад молочный
en chocolate, chocolate bar
- Candies : g:80-800 flav
pl cukierki, żelki, lizaki, krówki
uk цукерки, желейки, льодяники
ru конфеты, карамель, мармелад, леденцы
en candy, jelly beans, lollipops
## Hot drinks
- Ground and bean coffee : g:100-800
pl kawa mielona, kawa ziarnista, kawa, kawa rozpuszczalna
uk кава мелена, кава в зернах, кава, кава розчинна
ru кофе молотый, кофе в зернах, кофе, кофе растворимый
en ground coffee, coffee beans, coffee
- Coffee capsules < Coffee machines : pcs:10-100 g:50-125
pl kapsułki do ekspresu, kapsułki, kawa w kapsułkach
uk капсули для кавомашини, кава в капсулах
ru капсулы для кофемашины, кофе в капсулах
en coffee capsules, coffee pods
- Black tea : g:50-250 pcs:20-100
pl herbata czarna, herbata, herbata ekspresowa
uk чай чорний, чай, чай пакетований
ru чай черный, чай, чай пакетированный
en black tea, tea bags, tea
- Green and herbal tea : g:40-200 pcs:20-100 flav
pl herbata zielona, herbata owocowa, herbatka ziołowa
uk чай зелений, чай трав'яний, чай фруктовий
ru чай зеленый, чай травяной, фиточай
en green tea, herbal tea, fruit tea
## Soft drinks
- Juices : ml:200-1000 l:0.5-3 flav
pl sok, nektar, sok 100%, syrop owocowy
uk сік, нектар, сироп
ru сок, нектар, морс, сироп
en juice, nectar, squash
- Mineral water : l:0.5-5 pcs:6-12
pl woda mineralna, woda gazowana, woda
uk вода мінеральна, вода газована
ru вода минеральная, вода негаз.
en mineral water, sparkling water
- Lemonades and energy drinks : ml:250-500 l:0.5-2 flav
pl napój gazowany, napój energetyczny, cola, oranżada
uk напій газований, енергетик, лимонад
ru напиток газированный, энергетик, лимонад
en soda, energy drink, lemonade
## Staples
- Pasta : g:250-800
pl makaron, makaron spaghetti, świderki
uk макарони, спагеті, локшина
ru макароны, спагетти, лапша
en pasta, spaghetti, noodles
- Rice and grains : g:400-800 kg:0.5-5
pl ryż, kasza gryczana, płatki owsiane, kasza
uk рис, гречка, крупа, вівсяні пластівці
ru рис, гречка, крупа, хлопья овсяные
en rice, buckwheat, oat flakes
- Flour and sugar : kg:0.5-5
pl mąka, cukier, mąka pszenna, cukier puder
uk борошно, цукор, цукрова пудра
ru мука, сахар, сахарная пудра
en flour, sugar
- Oils and vinegar : ml:250-1000 l:0.5-5
pl olej rzepakowy, oliwa z oliwek, olej, ocet
uk олія соняшникова, оливкова олія, олія
ru масло подсолнечное, масло оливковое, масло
en sunflower oil, olive oil, oil
## Sauces and spices
- Ketchup and sauces : g:150-500 ml:200-500
pl ketchup, sos, majonez, musztarda
uk кетчуп, соус, майонез, гірчиця
ru кетчуп, соус, майонез, горчица
en ketchup, sauce, mayonnaise
- Spices : g:15-100
pl przyprawa, pieprz czarny, papryka słodka, sól
uk приправа, перець чорний, сіль
ru приправа, перец черный, специи, соль
en spice, black pepper, seasoning
- Honey and jam : g:200-800 flav
pl miód, dżem, konfitura, powidła
uk мед, джем, варення
ru мед, джем, варенье
en honey, jam
## Snacks
- Crisps : g:40-200 flav
pl chipsy, paluszki, chrupki, popcorn
uk чіпси, сухарики, снеки
ru чипсы, сухарики, снеки
en crisps, popcorn, chips
- Nuts and dried fruit : g:80-500
pl orzechy, bakalie, migdały, rodzynki
uk горіхи, сухофрукти, мигдаль
ru орехи, сухофрукты, миндаль
en nuts, almonds, dried fruit
## Alcohol
- Beer : ml:330-500 pcs:4-24
pl piwo, piwo jasne, piwo bezalkoholowe
uk пиво, пиво світле
ru пиво, пиво светлое, пиво б/а
en beer, lager
- Wine : ml:200-750 year
pl wino czerwone, wino, wino białe, prosecco
uk вино червоне, вино, вино ігристе
ru вино красное, вино, вино игристое
en red wine, wine, sparkling wine
`;
