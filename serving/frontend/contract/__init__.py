"""The part of the HTTP contract that the pages show, as frozen records read from JSON.

Unknown fields are ignored, so that a newer back end stays readable. A field that is missing or of the wrong type
raises `ContractError`: the page then says so instead of showing half an answer.
"""
