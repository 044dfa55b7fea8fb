"""What turns the chapters into a site. The chapters and the package know nothing of it."""
