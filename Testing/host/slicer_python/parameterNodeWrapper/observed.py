"""Lists and dictionaries that write themselves back into the parameter node when they are changed in place."""

import collections.abc


class ObservedList(collections.abc.MutableSequence):
    """Changing it writes the node; `+` and `*` are refused because their result would not."""

    def __init__(self, parameterNode, serializer, name, values):
        self._parameterNode = parameterNode
        self._serializer = serializer
        self._name = name
        self._list = values

    def _change(self, change):
        result = change(self._list)
        try:
            self._serializer.write(self._parameterNode, self._name, self._list)
        finally:
            self._list = self._serializer.read(self._parameterNode, self._name)._list
        return result

    def __repr__(self):
        return f"ObservedList({self._list})"

    def __eq__(self, other):
        return self._list == (other._list if isinstance(other, ObservedList) else other)

    __hash__ = None

    def __len__(self):
        return len(self._list)

    def __getitem__(self, index):
        return self._list[index]

    def __setitem__(self, index, item):
        self._change(lambda values: values.__setitem__(index, item))

    def __delitem__(self, index):
        self._change(lambda values: values.__delitem__(index))

    def insert(self, index, item):
        self._change(lambda values: values.insert(index, item))

    def extend(self, other):
        self._change(lambda values: values.extend(other))

    def clear(self):
        self._change(lambda values: values.clear())

    def reverse(self):
        self._change(lambda values: values.reverse())

    def sort(self, *args, **kwargs):
        self._change(lambda values: values.sort(*args, **kwargs))

    def __imul__(self, factor):
        self._change(lambda values: values.__imul__(factor))
        return self

    def _refuse(self, other):
        raise NotImplementedError("Adding or multiplying an ObservedList is not supported. However, += and *= are.")

    __add__ = __radd__ = __mul__ = __rmul__ = _refuse


class ObservedDict(collections.abc.MutableMapping):
    """Changing it writes the node."""

    def __init__(self, parameterNode, serializer, name, values):
        self._parameterNode = parameterNode
        self._serializer = serializer
        self._name = name
        self._dict = values

    def _save(self):
        try:
            self._serializer.write(self._parameterNode, self._name, self._dict)
        finally:
            self._dict = self._serializer.read(self._parameterNode, self._name)._dict

    def __repr__(self):
        return f"ObservedDict({self._dict})"

    def __eq__(self, other):
        return self._dict == (other._dict if isinstance(other, ObservedDict) else other)

    __hash__ = None

    def __len__(self):
        return len(self._dict)

    def __iter__(self):
        return iter(self._dict)

    def __getitem__(self, key):
        return self._dict[key]

    def __setitem__(self, key, value):
        self._dict[key] = value
        self._save()

    def __delitem__(self, key):
        del self._dict[key]
        self._save()
