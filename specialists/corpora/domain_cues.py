"""What gives away the domain of a text without reading all of it: the noun an encyclopedia's first
sentence ends its definition with, the heading over a section, the field a dictionary names.

They are weak labels, few and sure: what fits none is left out. It stands alone because it is a
page of words; it knows no corpus and no rows.
"""

import re
from collections.abc import Mapping

from specialists.contract import DOMAINS


def _table(**words: str) -> Mapping[str, str]:
    if unknown := set(words) - set(DOMAINS):
        raise AssertionError(f"no such domains: {unknown}")
    return {
        word.replace("_", " "): domain for domain, line in words.items() for word in line.split()
    }


NOUNS = _table(
    medicine="""
        disease diseases disorder disorders syndrome infection medication medications drug cancer
        cancers vaccine symptom symptoms surgery antibiotic inflammation antidepressant analgesic
        antipsychotic sedative anesthetic injury fracture tumor tumour carcinoma deficiency allergy
        epidemic pandemic physician surgeon nurse psychiatrist therapy dentistry medicine
        medical_condition medical_procedure mental_disorder surgical_procedure medical_test artery
        nerve muscle bone gland vitamin hospital pathologist epidemiologist medical_specialty
        skin_condition poisoning phobia neurosis dementia birth_defect neurologist
    """,
    law="""
        court statute constitution legislature parliament politician lawyer judge jurist election
        elections senator attorney offence offense crime referendum diplomat legislation lawsuit
        political_party federal_law civil_law common_law legal_doctrine legal_term court_case
        human_right human_rights court_of_appeal barrister solicitor congressman governor
        prime_minister parliamentary_constituency government_agency government_department
        political_system form_of_government statesman ambassador doctrine legal_concept
        head_of_state
        activist felony misdemeanor tort contract patent copyright legal_system police
        political_position law_enforcement_agency trade_agreement convention
    """,
    computing="""
        software programming_language operating_system file_format protocol web_browser web_server
        algorithm data_structure microprocessor compiler database text_editor computer_program
        computer_scientist programmer file_system software_application markup_language
        scripting_language query_language computer computers microcomputer search_engine
        content_management_system version_control_system email_client linux_distribution
        instruction_set cipher cryptosystem encryption data_type software_suite malware chipset
        software_engineer command kernel interpreter software_framework block_cipher router
        network_protocol design_pattern hash_function mainframe central_processing_unit
        computing_platform computer_network programming_paradigm software_developer supercomputer
        minicomputer software_library computer_architecture application_programming_interface
    """,
    science="""
        species genus bird birds fish mammal mammals insect insects chemical_element element
        compound
        chemical_compound organic_compound mineral galaxy star stars constellation planet moon
        asteroid theorem equation particle subatomic_particle protein proteins enzyme enzymes
        molecule acid reaction chemical_reaction polygon polyhedron physicist chemist biologist
        mathematician astronomer rock dinosaur dinosaurs shark tree trees shrub plant plants
        reptile reptiles amphibian amphibians rodent order_of_insects phylum integer prime_number
        conjecture isotope hydrocarbon botanist zoologist geologist naturalist paleontologist
        bacterium bacteria fungus fungi algae quark boson lepton meteorologist quantum_mechanics
        nebula supernova comet spider spiders beetle moth butterfly snake lizard frog clade
        topological_space vector_space set_theory number_theory geometry biochemist salt gene
        mathematical_object binary_star microorganisms flowering_plants family_of_birds
    """,
    engineering="""
        engine engines aircraft airliner locomotive locomotives bridge automobile car motorcycle dam
        tunnel machine device alloy alloys transistor battery turbine pump valve rocket helicopter
        vehicle engineer reactor antenna sensor tool steel electrical_engineer civil_engineer
        mechanical_engineer diode capacitor gear bearing semiconductor_device electronic_circuit
        amplifier suspension_bridge skyscraper railway_line manufacturing_process power_station
        nuclear_reactor internal_combustion_engine concrete composite_material welding inventor
        fighter_aircraft monoplane biplane glider compressor furnace canal crane tractor truck
        sports_car sedan launch_vehicle fastener mechanism generator electric_motor heat_exchanger
        architect structural_engineer building_material oscillator resistor lathe loudspeaker
    """,
    history="""
        battle war siege dynasty empire emperor king pharaoh revolt rebellion revolution crusade
        massacre civilization kingdom historian uprising archaeologist archeologist conquest
        civil_war naval_battle military_campaign military_commander roman_emperor holy_roman_emperor
        military_leader conquistador nobleman coup armistice general admiral archaeological_site
        medieval_kingdom byzantine_emperor princess duke warlord viking knight samurai khan sultan
        caliph queen_consort military_operation world_war ancient_city invasion naval_officer
        insurrection archaeological_culture historical_period
    """,
    geography="""
        city town village municipality river lake island islands mountain province commune
        suburb peninsula archipelago desert valley bay strait sea territory resort national_park
        mountain_range capital_city county_seat landlocked_country island_country tributary
        atoll gulf port_city hamlet neighborhood neighbourhood borough ward district plateau
        sovereign_state coastal_town administrative_region overseas_territory cape waterfall
        unincorporated_community census-designated_place civil_parish mountain_pass canyon glacier
        nature_reserve beach reservoir prefecture island_group geographer explorer lagoon
    """,
    business="""
        company corporation bank firm retailer businessman businesswoman entrepreneur economist
        conglomerate supermarket brand investment stock_exchange brewery multinational_corporation
        holding_company public_company insurance_company investor financier banker industrialist
        department_store investment_bank central_bank subsidiary franchise chain startup
        hedge_fund commercial_bank financial_institution tax bond loan security marketing
        advertising restaurant_chain trading_company airline grocery_chain business monopoly
        oligopoly trade_union currency insurance accountant accounting stock_market
        financial_instrument business_magnate manufacturer telecommunications_company mutual_fund
    """,
    arts="""
        film movie novel album song band singer actor actress composer painter poet novelist
        playwright sculptor musician rapper television_series sitcom opera play poem painting
        guitarist pianist symphony ballet comic manga anime trilogy screenwriter film_director
        illustrator cartoonist dramatist musical_instrument violinist conductor soundtrack single
        short_story fantasy_novel science_fiction_novel science_fiction_author singer-songwriter
        rock_band studio_album drummer saxophonist art_movement comedian filmmaker photographer
        musical soap_opera television_show comic_book short_film jazz_musician record_producer
        music_genre dancer choreographer fictional_character superhero writer author art_museum
        orchestra character ep mixtape documentary comic_strip novella music sculpture fresco
    """,
    sport="""
        footballer cricketer goalkeeper golfer boxer wrestler swimmer gymnast cyclist skier jockey
        professional_wrestler tennis_player basketball_player football_player hockey_player
        baseball_player chess_player pitcher quarterback midfielder striker sprinter
        football_club football_team baseball_team basketball_team hockey_team cricket_team
        sports_team football_league tournament championship olympic_games board_game card_game
        sport sports chess_opening martial_art racing_driver figure_skater rugby_player athlete
        outfielder linebacker halfback coach snooker_player rower fencer badminton_player
        motorcycle_racer football_manager sprint_canoer alpine_skier speed_skater team_sport
        ball_game bobsledder footballers season sumo_wrestler grandmaster golf_tournament game
        chess_grandmaster rugby_league_player playing_card water_sport defender cross-country_skier
    """,
)
"""Of one word or two, by what the first sentence says that something is."""

HEADINGS = _table(
    medicine="""
        signs_and_symptoms diagnosis treatment epidemiology health prevention symptoms prognosis
        medical_uses side_effects adverse_effects pathophysiology public_health health_care
        healthcare health_effects clinical_significance contraindications risk_factors screening
    """,
    law="""
        government politics legislative_branch executive_branch judicial_branch foreign_relations
        government_and_politics legal_status law human_rights judiciary judicial_system legislation
        political_parties_and_elections political_parties constitution legal_issues copyright
        international_law local_government law_enforcement voting legality elections
    """,
    computing="""
        implementation implementations software internet algorithms programming algorithm
        operating_systems computing computer_science software_development compilers user_interface
        file_formats syntax programming_languages data_structures security_vulnerabilities
    """,
    science="""
        taxonomy ecology geology evolution chemical_properties physical_properties chemistry physics
        biology reproduction habitat behaviour behavior anatomy_and_physiology mathematics
        distribution_and_habitat isotopes phylogeny astronomy flora_and_fauna fossils wildlife proof
        quantum_mechanics diet life_cycle fauna flora genetics mathematical_formulation
    """,
    engineering="""
        construction_methods manufacturing manufacture engine engines engineering propulsion
        electronics fabrication mechanical_engineering fuel_system transmission machining
        electrical_engineering power_generation structural_design
    """,
    history="""
        prehistory early_history middle_ages medieval_period ancient_history colonial_period
        medieval_history antiquity colonial_era roman_period early_modern_period ancient_egypt
        ancient_rome ancient_greece world_war_ii world_war_i independence renaissance
    """,
    geography="""
        geography climate tourism administrative_divisions topography location cityscape
        attractions places_of_interest landmarks main_sights neighborhoods travel physical_geography
        geography_and_climate tourist_attractions lakes rivers beaches
    """,
    business="""
        economy economics finance finances trade business banking marketing taxation
        economic_policy foreign_trade financial_performance corporate_affairs industry investment
        mergers_and_acquisitions
    """,
    arts="""
        music literature television film plot plot_summary cinema theatre performing_arts art
        arts visual_arts films poetry discography literary_significance characters painting
        sculpture films_and_television fiction themes drama dance arts_and_culture synopsis cast
        critical_reception musical_style lyrics
    """,
    sport="""
        sports sport baseball football basketball rugby_union ice_hockey rugby_league soccer
        gameplay rules cricket golf tennis club_career international_career playing_career
        professional_career records swimming boxing recreation_and_sports sports_and_recreation
        motorsport scoring equipment_and_rules
    """,
)

FIELDS = _table(
    medicine="medicine psychiatry pathology dentistry surgery obstetrics physiology anatomy",
    law="law criminal_law civil_law",
    computing="computer_science",
    science="""
        physics mathematics biology chemistry genetics astronomy botany geology biochemistry
        cosmology geometry ecology zoology microbiology statistics
    """,
    engineering="electronics telecommunication nautical engineering",
    business="economics stock_market accounting business finance",
    arts="music ballet theater film prosody rhetoric",
    sport="baseball sports golf football chess ice_hockey basketball cricket bridge in_team_sports",
)

_DEFINES = re.compile(
    r"\b(?:is|are|was|were) (?:also |still |now |both |perhaps |often |usually |formerly )*"
    r"(?:an?|the|one of the|any|the name of an?|a type of|a kind of|a form of|a class of)? ?"
    r"(?P<what>[^,;:.()]{3,90})"
)
_ENDS = re.compile(
    r"\b(?:in|of|that|which|who|whose|by|for|located|from|on|at|with|to|and|or|used|made|based|"
    r"developed|caused|characterized|found|native|written|directed|released|published|where|when|"
    r"born|known|between|near|as|within|held|fought|founded|created|designed|produced|containing|"
    r"situated|under|consisting|about|set|among|since|starring|recorded|during|into|over|around)\b"
)


def domain_of_definition(first_sentence: str) -> str | None:
    """The domain of what a first sentence says that its subject is: "X was a Greek poet who"."""
    found = _DEFINES.search(first_sentence)
    if not found:
        return None
    phrase = _ENDS.split(found["what"], maxsplit=1)[0].split()
    if not phrase or len(phrase) > 8:
        return None
    words = [word.lower().strip("\"'") for word in phrase]
    two = NOUNS.get(" ".join(words[-2:]))
    return two or NOUNS.get(words[-1])


def domain_of_heading(heading: str) -> str | None:
    return HEADINGS.get(heading.lower().strip())


def domain_of_field(gloss: str) -> tuple[str, str] | None:
    """The domain a dictionary names before a gloss, "(law) ...", and the gloss without it."""
    found = re.match(r"\((?P<field>[a-z ]+)\) (?P<gloss>.+)", gloss)
    domain = FIELDS.get(found["field"]) if found else None
    return (domain, found["gloss"]) if found and domain else None
