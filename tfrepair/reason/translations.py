"""What systems say in the language of their users: said in English too, so that one pattern finds all."""

# ruff: noqa: RUF001  # words of other languages are what this file is about

from __future__ import annotations

import re

# What Windows says by number, then what shells and the loader of Linux say, with wordings that only it has: German,
# Dutch, Spanish, French, Italian, Portuguese, Polish, Russian, Turkish, Chinese, Japanese, Korean. A number counts in
# all of them.
_MESSAGES = {
    "Access is denied": (
        "Zugriff verweigert",
        "Toegang geweigerd",
        "Acceso denegado",
        "Accès refusé",
        "Accesso negato",
        "Acesso negado",
        "Odmowa dostępu",
        "Отказано в доступе",
        "Erişim engellendi",
        "拒绝访问",
        "存取被拒",
        "アクセスが拒否されました",
        "액세스가 거부되었습니다",
    ),
    "The specified module could not be found": (
        "angegebene Modul wurde nicht gefunden",
        "opgegeven module niet",
        "módulo especificado",
        "module spécifié est introuvable",
        "modulo specificato",
        "módulo especificado",
        "odnaleźć określonego modułu",
        "Не найден указанный модуль",
        "Belirtilen modül bulunamadı",
        "找不到指定的模块",
        "找不到指定的模組",
        "指定されたモジュールが見つかりません",
        "지정된 모듈을 찾을 수 없습니다",
    ),
    "The specified procedure could not be found": (
        "angegebene Prozedur wurde nicht gefunden",
        "opgegeven procedure niet",
        "(?:proceso|procedimiento) especificado",
        "procédure spécifiée est introuvable",
        "procedura specificata",
        "odnaleźć określonej procedury",
        "Не найдена указанная процедура",
        "Belirtilen yordam bulunamadı",
        "找不到指定的程序",
        "指定されたプロシージャが見つかりません",
        "지정된 프로시저를 찾을 수 없습니다",
    ),
    "%1 is not a valid Win32 application": (
        "keine zulässige Win32",
        "geen geldige Win32",
        "aplicación Win32 válida",
        "application Win32 valide",
        "applicazione di Win32 valida",
        "aplicativo Win32 válido",
        "prawidłową aplikacją systemu Win32",
        "не является приложением Win32",
        "geçerli bir Win32 uygulaması değil",
        "不是有效的 Win32",
        "有効な Win32",
        "올바른 Win32",
    ),
    "A dynamic link library (DLL) initialization routine failed": (
        "DLL-Initialisierungsroutine",
        "initialisatieroutine van de dynamic link library",
        "rutina de inicialización de biblioteca",
        "routine d.initialisation d.une bibliothèque de liens dynamiques",
        "Routine di inizializzazione della libreria",
        "rotina de inicialização da biblioteca",
        "procedura inicjowania biblioteki",
        "инициализации библиотеки динамической",
        "başlatma yordamı başarısız",
        "动态链接库\\s?[((]DLL[))]\\s?初始化例程失败",
        "動態連結程式庫",
        "初期化ルーチンの実行に失敗",
        "DLL\\(동적 연결 라이브러리\\) 초기화",
    ),
    "The paging file is too small for this operation to complete": (
        "Auslagerungsdatei ist zu klein",
        "wisselbestand is te klein",
        "archivo de paginación es demasiado pequeño",
        "fichier de pagination est insuffisant",
        "file di paging",
        "arquivo de paginação",
        "Файл подкачки слишком мал",
        "页面文件太小",
        "ページング ファイルが小さすぎる",
    ),
    "Illegal instruction": (
        "Ungültiger Maschinenbefehl",
        "Instrucción ilegal",
        "Instruction (?:illégale|non permise)",
        "Istruzione non consentita",
        "Instrução ilegal",
        "Недопустимая инструкция",
        "非法指令",
        "Illegal instructie",
        "不正な命令",
    ),
    "Segmentation fault": (
        "Speicherzugriffsfehler",
        "Violación de segmento",
        "Erreur de segmentation",
        "Errore di segmentazione",
        "Falha de segmentação",
        "Naruszenie ochrony pamięci",
        "Ошибка сегментирования",
        "Parçalama arızası",
        "段错误",
        "セグメンテーション違反",
        "세그멘테이션 오류",
    ),
    "Permission denied": (
        "Keine Berechtigung",
        "Permiso denegado",
        "Permission non accordée",
        "Permesso negato",
        "Permissão negada",
        "Brak dostępu",
        "权限不够",
        "許可がありません",
        "허가 거부",
    ),
    "No space left on device": (
        "kein Speicherplatz mehr verfügbar",
        "No queda espacio en el dispositivo",
        "Aucun espace disponible sur le périphérique",
        "Spazio esaurito sul device",
        "Não há espaço disponível",
        "Brak miejsca na urządzeniu",
        "На устройстве не осталось свободного места",
        "设备上没有空间",
        "デバイスに空き領域がありません",
    ),
    "cannot open shared object file: No such file or directory": (
        "Kann die Shared-Object-Datei nicht öffnen",
        "no se puede abrir el (?:archivo|fichero) del objeto compartido",
        "(?:Ne peut|Impossible d.)\\s?ouvrir le fichier d.objet partagé",
        "impossibile aprire il file oggetto condiviso",
        "não foi possível abrir (?:o )?arquivo (?:de )?objeto compartilhado",
        "nie można otworzyć pliku obiektu współdzielonego",
        "не удаётся открыть общий объектный файл",
        "невозможно открыть разделяемый объектный файл",
        "无法打开共享(?:对象|目标)文件",
        "共有オブジェクトファイルを開けません",
        "공유 오브젝트 파일을 열 수 없",
    ),
}
_NUMBERS = {
    "Access is denied": "[WinError 5]",
    "The specified module could not be found": "[WinError 126]",
    "The specified procedure could not be found": "[WinError 127]",
    "%1 is not a valid Win32 application": "[WinError 193]",
    "A dynamic link library (DLL) initialization routine failed": "[WinError 1114]",
    "The paging file is too small for this operation to complete": "[WinError 1455]",
}
_WORDINGS = {english: re.compile("|".join(dict.fromkeys(wordings))) for english, wordings in _MESSAGES.items()}


def with_english(text: str) -> str:
    """The text with the English message where it is said in another language, or by a number alone."""
    for english, wordings in _WORDINGS.items():
        if wordings.search(text):
            text = wordings.sub(lambda found, english=english: f"{english} [{found[0]}]", text)  # type: ignore[misc]
        number = _NUMBERS.get(english)
        if number is not None and number in text:
            text = "\n".join(_named(line, number, english) for line in text.split("\n"))
    return text


def _named(line: str, number: str, english: str) -> str:
    return f"{line} [{english}]" if number in line and english not in line else line
