# JupyterLab with blase-lab, from the hashed pins, as an ordinary user.
#
#   docker build -t blase-lab .                                   CPU
#   docker build -t blase-lab:gpu --build-arg EXTRA=gpu .         GPU: run it with --gpus all
#   docker run --rm -p 8888:8888 -v "$PWD":/home/lab/project blase-lab

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /src
COPY requirements ./requirements
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip install --system --no-cache --require-hashes -r requirements/build.txt
COPY . .
RUN uv build --wheel --no-build-isolation --out-dir /wheels

FROM python:3.11-slim-bookworm
ARG EXTRA=cpu
RUN useradd --create-home --uid 1000 lab
COPY requirements /tmp/requirements
RUN python -m pip install --no-cache-dir --require-hashes -r /tmp/requirements/uv.txt \
    && uv pip install --system --no-cache --require-hashes -r /tmp/requirements/demo.txt \
    && if [ "$EXTRA" = gpu ]; then \
         uv pip install --system --no-cache --require-hashes -r /tmp/requirements/gpu.txt; fi
COPY --from=wheel /wheels /tmp/wheels
RUN uv pip install --system --no-cache --no-deps /tmp/wheels/*.whl && rm -rf /tmp/wheels /tmp/requirements
USER lab
WORKDIR /home/lab/project
COPY --chown=lab:lab notebooks ./
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
