"""The packages the corpus is drawn from, by registry, and the limits put on each of them."""

from __future__ import annotations

# Generated or sprawling packages teach one habit over and over: they get a lower cap (bytes of text).
DEFAULT_CAP = 1_700_000
CAPS = {
    "stdlib": 9_000_000,
    "lsprotocol": 150_000,
    "openai": 400_000,
    "anthropic": 300_000,
    "kubernetes": 0,
    "transformers": 1_500_000,
    "sympy": 1_500_000,
    "neovim-runtime": 5_000_000,
    "prosody": 2_500_000,
    "luarocks": 1_700_000,
    "lodash": 400_000,
    "three": 900_000,
    "date-fns": 300_000,
    "effect": 900_000,
    "viem": 600_000,
}
DEFAULT_CAP_JS = 900_000

PYPI = """
    pygls lsprotocol httpx httpcore h11 h2 hpack anyio starlette uvicorn typer click rich pytest pluggy
    hypothesis openai anthropic pydantic pydantic-settings attrs cattrs griffe trafilatura courlan htmldate
    hishel mcp keyring platformdirs jinja2 markupsafe packaging filelock fsspec huggingface_hub tqdm requests
    urllib3 networkx numpy scikit-learn scipy pandas sentence-transformers transformers detect-secrets
    genai-prices setuptools pip wheel build hatchling flask werkzeug itsdangerous quart django sqlalchemy
    alembic aiohttp aiofiles tornado trio outcome fastapi black mypy isort jedi parso textual prompt_toolkit
    pygments ipython traitlets jupyter_client nbformat nbconvert celery kombu redis pymongo boto3 botocore
    paramiko fabric invoke scrapy parsel w3lib beautifulsoup4 lxml-stubs marshmallow apispec falcon bottle
    peewee pony cryptography pyjwt authlib passlib tenacity structlog loguru dask distributed xarray zarr
    matplotlib seaborn bokeh altair plotly sympy mpmath torchvision pytorch-lightning accelerate datasets
    peft optax flax dm-haiku tokenizers safetensors nox tox virtualenv poetry poetry-core pdm twine mkdocs
    sphinx docutils-stubs coverage watchdog watchfiles websockets msgpack orjson pyyaml tomlkit tomli-w
    more-itertools sortedcontainers toolz python-dateutil arrow pendulum babel faker factory-boy freezegun
    responses respx vcrpy mock pexpect ptyprocess psutil pyinstrument dulwich gitpython docker schedule
    apscheduler luigi prefect moto graphql-core strawberry-graphql ariadne pyparsing lark ply astroid pylint
    flake8 pycodestyle pyflakes bandit mccabe rope libcst dnspython cachetools blinker zope.interface twisted
    gunicorn hypercorn whitenoise djangorestframework wtforms django-filter sqlmodel
    llm sqlite-utils datasette
"""

NPM = """
    vscode-languageclient vscode-languageserver vscode-languageserver-protocol vscode-languageserver-types
    vscode-jsonrpc vscode-languageserver-textdocument zod preact commander semver yargs yargs-parser express
    koa fastify undici eslint mocha async debug ws rxjs immer redux svelte markdown-it three socket.io-adapter
    p-limit p-queue p-map p-retry p-timeout execa got globby ora chalk meow conf ky type-fest camelcase
    string-width wrap-ansi strip-ansi log-update boxen slash find-up pkg-dir read-pkg del cpy d3-array
    d3-scale d3-shape d3-selection d3-geo d3-hierarchy d3-format mongodb mobx luxon ramda pino nodemailer
    @tanstack/query-core @reduxjs/toolkit effect viem lodash date-fns glob minimatch lru-cache tar
    npm-packlist pacote cacache make-fetch-happen node-gyp knex mysql2 pg bull bullmq passport jsonwebtoken
    helmet cors body-parser serve-static morgan sequelize mongoose webpack webpack-sources enhanced-resolve
    tapable
    html-webpack-plugin postcss autoprefixer less stylus handlebars pug nunjucks joi ajv yup winston
    fs-extra chokidar rimraf shelljs inquirer enquirer listr2 supertest superagent axios nock sinon chai
"""

DEBIAN_SUITE = "forky"
DEBIAN = {
    "neovim-runtime": "Apache-2.0 AND Vim",
    "lua-penlight": "MIT",
    "lua-busted": "MIT",
    "lua-luassert": "MIT",
    "lua-check": "MIT",
    "lua-cliargs": "MIT",
    "lua-argparse": "MIT",
    "lua-inspect": "MIT",
    "lua-http": "MIT",
    "lua-copas": "MIT",
    "lua-logging": "MIT",
    "lua-lgi": "MIT",
    "lua-socket": "MIT",
    "lua-say": "MIT",
    "luarocks": "MIT",
    "prosody": "MIT",
}

# A name in the metadata counts as permissive when one of these occurs in it and none of the second list does.
PERMISSIVE = (
    "mit", "bsd", "apache", "isc", "psf", "python-2", "python software", "0bsd", "unlicense", "hpnd", "cc0",
)  # fmt: skip
REFUSED = (
    "gpl", "mpl", "mozilla", "eupl", "cddl", "epl", "proprietary", "agpl", "sspl", "commons clause", "zpl",
)  # fmt: skip
