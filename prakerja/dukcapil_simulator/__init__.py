"""A civil registry for the sample province: a process of its own that is asked over HTTP, and a page to steer it."""
