"""The cost of owning a machine: every published figure from its inputs, and what the formulas must hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.cost.amounts import number, rounded, written
from inference.cost.comparison import Comparison, ComparisonError, read
from inference.cost.published import PUBLISHED
from inference.cost.tco import WEEKS_A_MONTH, Hosted, Machine, break_even, differ, own

D = Decimal


@pytest.fixture
def published() -> Comparison:
    def nobody(model: str) -> tuple[Decimal, Decimal]:
        raise AssertionError("the published comparison names its own prices")

    return read(PUBLISHED, "published", "USD", {}, nobody)


def machine(published: Comparison, name: str) -> Machine:
    return next(one for one in published.machines if one.name == name)


@pytest.mark.parametrize(
    ("name", "session", "hundred"),
    [
        ("DeepSeek V4 Flash", "0.013", "1.26"),
        ("Llama 4 Scout", "0.010", "1.00"),
        ("Claude Sonnet 4.6", "0.45", "45.00"),
        ("GPT-5.5", "0.85", "85.00"),
    ],
)
def test_a_session_costs_what_was_published(
    published: Comparison, name: str, session: str, hundred: str
) -> None:
    model = next(one for one in published.hosted if one.name == name)
    assert (written(model.session), written(model.month)) == (session, hundred)
    assert (model.tokens_in, model.tokens_out, model.sessions) == (50_000, 20_000, 100)


@pytest.mark.parametrize(
    ("name", "watts", "hour", "month"),
    [("Mac Studio", 150, "0.024", "5.76"), ("RTX 5090 PC", 500, "0.08", "19.20")],
)
def test_electricity_costs_what_was_published(
    published: Comparison, name: str, watts: int, hour: str, month: str
) -> None:
    cost = own(machine(published, name))
    assert cost.machine.watts == watts
    assert (cost.electricity_hour, cost.electricity_month) == (D(hour), D(month))


@pytest.mark.parametrize(
    ("name", "parts", "total", "month"),
    [
        ("RTX 5090", (2600, 3000, 1400, 2250), 9250, "257"),
        ("Strix Halo", (2200, 3000, 1000, 2250), 8450, "235"),
    ],
)
def test_three_years_cost_what_was_published(
    published: Comparison, name: str, parts: tuple[int, ...], total: int, month: str
) -> None:
    cost = own(machine(published, name))
    assert (cost.machine.hardware, cost.setup, cost.electricity, cost.maintenance) == parts
    assert cost.total == total and cost.months == 36
    assert rounded(cost.per_month, 0) == D(month)


def test_the_published_server_and_the_card_of_a_team(published: Comparison) -> None:
    server = own(machine(published, "Server"))
    assert rounded(server.depreciation, 0) == rounded(server.per_month, 0) == 133
    card = own(machine(published, "GPU of a team"))
    assert card.break_even is not None and card.break_even == D("1.25")
    assert card.break_even * WEEKS_A_MONTH < 6


def test_the_published_electricity_of_three_years_is_sixteen_hours_of_every_day() -> None:
    at_500_watts = Machine(watts=D(500), hours_per_day=D(16), days_per_month=D(365) / 12)
    assert rounded(own(at_500_watts).electricity) == D("1401.60")


def test_hardware_that_gains_has_a_negative_depreciation() -> None:
    cost = own(Machine(hardware=D(1000), residual=D(1360), years=D(3)))
    assert cost.depreciation == -10 and cost.total == -360
    assert [year.expense for year in cost.years] == [1000, 0, -1360]
    assert [year.depreciated for year in cost.years] == [-120] * 3


def test_hardware_is_shown_as_an_expense_of_its_first_year_beside_depreciation() -> None:
    cost = own(Machine(hardware=D(1200), years=D("2.5"), hourly_rate=D(10), maintenance_hours=D(12)))
    assert [year.expense for year in cost.years] == [1320, 120, 60]
    assert [year.depreciated for year in cost.years] == [600, 600, 300]
    assert cost.first_year == 110 and cost.per_month == 50
    assert differ(cost) and not differ(own(Machine(watts=D(100))))


def test_people_share_a_month() -> None:
    assert own(Machine(hardware=D(3600), people=5)).per_developer == 20


@pytest.mark.parametrize(
    ("outlay", "hosted", "running", "months"),
    [
        (500, 400, 0, D("1.25")),
        (500, 100, 100, None),
        (500, 99, 100, None),
        (500, None, 0, None),
        (0, 10, 0, 0),
    ],
)
def test_break_even_is_never_where_nothing_is_saved(
    outlay: int, hosted: int | None, running: int, months: Decimal | None
) -> None:
    found = break_even(D(outlay), None if hosted is None else D(hosted), D(running))
    assert found == months


def test_running_costs_delay_the_break_even() -> None:
    cost = own(Machine(hardware=D(500), hosted=D(400), watts=D(500), people=8))
    assert cost.break_even == 500 / (400 - D("19.20"))


@pytest.mark.parametrize("wrong", [{"years": D(0)}, {"years": D(-1)}, {"people": 0}])
def test_no_years_and_nobody_are_refused(wrong: dict[str, Decimal | int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        own(Machine(**wrong))  # type: ignore[arg-type]


amounts = st.decimals(0, 10**9, places=2)


@given(
    amounts, amounts, st.decimals(D("0.1"), 30, places=1), st.decimals(0, 5000, places=1), st.integers(1, 99)
)
def test_both_views_add_up_to_the_total(
    hardware: Decimal, residual: Decimal, years: Decimal, watts: Decimal, people: int
) -> None:
    cost = own(Machine("m", hardware, residual, years, D(3), D(70), D(5), watts, people=people))
    for view in ("expense", "depreciated"):
        assert abs(sum(getattr(year, view) for year in cost.years) - cost.total) < D("0.000001")
    assert abs(cost.per_developer * people * cost.months - cost.total) < D("0.000001")
    assert abs(cost.depreciation + cost.running + cost.setup / cost.months - cost.per_month) < D("0.000001")


def test_hosted_models_may_be_named_instead_of_priced() -> None:
    text = 'sessions = 2\n[[hosted]]\nmodel = "m"\ntokens_in = 1_000_000\ntokens_out = 0\n'
    [hosted] = read(text, "f", "EUR", {}, lambda model: (D(3), D(9))).hosted
    assert (hosted.name, hosted.session, hosted.month) == ("m", 3, 6)
    assert Hosted("x", D(1), D(1)).month == 7


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("machine = 3", "begin with [[machine]]"),
        ("[[machine]]\nname = 'a'\nprice = 3", '"price" is not one of'),
        ("[[machine]]\nname = 'a'\nhardware = -3", "hardware is wrong: -3 is not a number from 0"),
        ("[[machine]]\nname = 'a'\nyears = 0", "years is wrong"),
        ("[[machine]]\nname = 'a'\nyears = nan", "years is wrong"),
        ("[[machine]]\nname = 'a'\npeople = 1.5", "not a whole number"),
        ("[[machine]]\nname = 'a'\nhours_per_day = 25", "hours_per_day is wrong"),
        ("[[machine]]\nwatts = 1", "no name"),
        ('[[machine]]\nname = "\\u001b[31m"', "no name"),
        ("[[hosted]]\nname = 'a'", "has no model, nor input and output"),
        ("[[hosted]]\nname = 'a'\ninput = 1", "has no model, nor input and output"),
        ("[[hosted]]\nmodel = 3", "3 is not the name"),
        ("currency = 3", "its currency is not"),
        ("[[machine]\n", "not valid TOML"),
        ("[[machine]]\nname = 'a'\n" * 300, "more than 200"),
        (f"kwh_price = {'9' * 5000}", "not"),
        ("a = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_an_input_that_is_wrong_is_one_line(text: str, why: str) -> None:
    with pytest.raises(ComparisonError) as caught:
        read(text, "my.toml", "USD", {}, lambda model: (D(1), D(1)))
    line = str(caught.value)
    assert why in line and "my.toml" in line and "\n" not in line and len(line) < 700


@pytest.mark.parametrize(
    ("amount", "text", "as_json"),
    [
        ("0.0126", "0.013", 0.0126),
        ("9250", "9,250.00", 9250),
        ("0.085", "0.085", 0.085),
        ("0.105", "0.11", 0.105),
        ("-0.0126", "-0.013", -0.0126),
        ("0.00001", "<0.001", 0.00001),
        ("0", "0.00", 0),
        ("1e24", "1,000,000,000,000,000,000,000,000.00", 10**24),
    ],
)
def test_amounts_are_rounded_only_where_they_are_shown(amount: str, text: str, as_json: float) -> None:
    assert (written(D(amount)), number(D(amount))) == (text, as_json)
