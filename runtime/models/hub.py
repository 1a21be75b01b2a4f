"""Asking the Hugging Face hub whether a model is there, before transformers does.

transformers retries every request for half a minute and then speaks of something else. One short request first tells
"no network" from "no such model" from "not allowed".
"""

from __future__ import annotations

from constrain.errors import ModelError
from constrain.runtime.models.errors import first_line

__all__ = ["must_stay_offline"]

TIMEOUT_SECONDS = 10.0


def must_stay_offline(name: str, revision: str | None) -> bool:
    """Should only files on this machine be used? True when the hub cannot be reached but has been before.

    Raises:
        ModelError: no such model, no permission, or no network and nothing on this machine.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        HfApi().model_info(name, revision=revision, timeout=TIMEOUT_SECONDS)
    except GatedRepoError as error:
        raise ModelError(
            f"access to the model {name} needs permission", expected="a login with access: hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"there is no model {name!r}: neither a local folder nor a public model of the Hugging Face hub",
            expected="a folder, a .gguf file or the name of a model",
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(f"the model {name} has no revision {revision!r}") from error
    except HFValidationError as error:
        raise ModelError(f"{name!r} is neither a local folder nor the name of a model: {first_line(error)}") from error
    except HfHubHTTPError as error:
        if not is_on_this_machine(name, revision):
            raise ModelError(f"the Hugging Face hub refuses the model {name}: {first_line(error)}") from error
        return True
    except Exception as error:  # the hub's client changes its network errors from version to version
        if not is_on_this_machine(name, revision):
            raise ModelError(
                f"the model {name!r} is no local folder, and the Hugging Face hub is out of reach: {first_line(error)}",
                expected="a network connection, or a model on this machine",
            ) from error
        return True
    return False


def is_on_this_machine(name: str, revision: str | None) -> bool:
    """Has the model's configuration been downloaded before?"""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str)
    except HFValidationError:
        return False
