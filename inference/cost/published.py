"""The published comparison of 2026 as an input of `nearside cost tco --compare`, to start one's own from.

Set-up and maintenance were published as amounts; 75 an hour for 40 hours of set-up and 10 hours of
maintenance a year give them exactly. Electricity of the three-year rows was published as 1,400 and 1,000
without watts or hours, so it stands here as an amount.
"""

PUBLISHED = """\
# nearside cost tco --compare FILE. Amounts are in `currency`; what stands on top holds for every entry.
currency = "USD"
kwh_price = 0.16
hours_per_day = 8
days_per_month = 30
hourly_rate = 75
tokens_in = 50_000      # of one session
tokens_out = 20_000
sessions = 100          # a month

# Hosted models: dollars per million tokens, or `model = "claude-sonnet-4-6"` for the price we know.
[[hosted]]
name = "DeepSeek V4 Flash"
input = 0.14
output = 0.28

[[hosted]]
name = "Llama 4 Scout"
input = 0.08
output = 0.30

[[hosted]]
name = "Claude Sonnet 4.6"
input = 3.00
output = 15.00

[[hosted]]
name = "GPT-5.5"
input = 5.00
output = 30.00

# Electricity alone.
[[machine]]
name = "Mac Studio"
watts = 150

[[machine]]
name = "RTX 5090 PC"
watts = 500

# Three years. Electricity is the published amount: at 500 W, 16 hours on all 365 days of a year are 1,401.60.
[[machine]]
name = "RTX 5090"
hardware = 2600
years = 3
setup_hours = 40
maintenance_hours = 10
electricity = 1400

[[machine]]
name = "Strix Halo"
hardware = 2200
years = 3
setup_hours = 40
maintenance_hours = 10
electricity = 1000

# A server over four years, before electricity.
[[machine]]
name = "Server"
hardware = 6400
years = 4

# A card a team shares, against what it spends on hosted models in a month.
[[machine]]
name = "GPU of a team"
hardware = 500
hosted = 400
"""
