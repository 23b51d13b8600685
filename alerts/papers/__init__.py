"""Papers: what a document says, apart from the form it is given (PDF, Word, HTML, spreadsheet, JSON)."""
