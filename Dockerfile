# One image for web, worker, beat and migrations. Holds no secret: everything secret comes with the environment.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/base.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    EDGEOPS_STATE_DIR=/var/lib/edgeops \
    EDGEOPS_STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --no-create-home edgeops \
    && install --directory --owner edgeops --group edgeops --mode 0700 /var/lib/edgeops
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY bin/healthcheck bin/healthcheck
COPY edgeops edgeops
COPY tasks tasks
COPY dashboards dashboards
COPY templates templates
COPY static static
# Names of static files carry their content's hash only in production mode, which wants keys: made up here, kept nowhere.
RUN EDGEOPS_STATE_DIR=/tmp/build EDGEOPS_ALLOWED_HOSTS=build.invalid EDGEOPS_BASE_URL=https://build.invalid \
    EDGEOPS_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    EDGEOPS_ENCRYPTION_KEYS="$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
    python manage.py collectstatic --noinput && rm -r /tmp/build
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=20s --retries=3 \
    CMD ["python", "bin/healthcheck", "http://127.0.0.1:8000/healthz/live"]
CMD ["gunicorn", "edgeops.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
